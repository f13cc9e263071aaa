// Signs a legacy transaction for the tests of tests/network, which have no cryptography of their own, and prints its bytes:
// node sign.cjs '{"key": "<64 hex digits>", "chainId": "0x1", "nonce": "0x0", "gasLimit": "0x5208", ...}'
'use strict'

const path = require('path')
const part = (name) => require(path.join(__dirname, 'node_modules/@ethereumjs', name))
const { Common } = part('common')
const { LegacyTransaction } = part('tx')
const { bytesToHex, hexToBytes } = part('util')

const { key, chainId, ...fields } = JSON.parse(process.argv[2])
const common = Common.custom({ chainId: Number(chainId), networkId: Number(chainId) }, { hardfork: 'london' })
const signed = LegacyTransaction.fromTxData(fields, { common }).sign(hexToBytes('0x' + key))
console.log(bytesToHex(signed.serialize()))
