// Checks the files of a Besu QBFT network against each other, without Besu: what a genesis file says in RLP is computed
// again from the validators' public keys, addresses from public keys, and every number that hocba rests on.
//
//   node check.mjs                        this folder: the reference network, with its published test keys
//   node check.mjs FOLDER                 an operator's own files: the same, and no published key may be among them
//   node check.mjs --self-test            breaks one thing after the other and expects to be told
//   node check.mjs --address KEY|FILE     the address of a public key: 128 hex digits, or a PEM file
//   node check.mjs --extra-data ADDRESS…  the extraData of a genesis file
//
// Node 20 or newer, nothing else. Ends with 1 where something does not fit.
import { createECDH, createHash, createPublicKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = dirname(fileURLToPath(import.meta.url))
const REPOSITORY = resolve(HERE, '../../..')

// What hocba asks of the network: crates/chain/src/transaction.rs, compared below where that file is at hand.
const STATUS_CALL_GAS = 100_000 + 1000 * 40_000
/// 1000 changes of five words, selector and three words before them, and some hundred bytes around.
const STATUS_CALL_BYTES = 4 + 3 * 32 + 1000 * 5 * 32 + 200

// ---------------------------------------------------------------- Keccak-256, RLP, keys

const MASK = (1n << 64n) - 1n
const ROUND_CONSTANTS = (() => {
  // The linear feedback shift register of FIPS 202, algorithm 5.
  let state = 1
  const bit = () => {
    const out = state & 1
    state = state & 0x80 ? ((state << 1) ^ 0x171) & 0xff : state << 1
    return out
  }
  return Array.from({ length: 24 }, () => {
    let constant = 0n
    for (let j = 0; j < 7; j++) if (bit()) constant |= 1n << BigInt(2 ** j - 1)
    return constant
  })
})()

const rotate = (word, by) => (by === 0 ? word : ((word << BigInt(by)) | (word >> BigInt(64 - by))) & MASK)

const permute = (a) => {
  for (const constant of ROUND_CONSTANTS) {
    const columns = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20])
    for (let i = 0; i < 25; i++) a[i] ^= columns[(i + 4) % 5] ^ rotate(columns[(i + 1) % 5], 1)
    let [x, y, moved] = [1, 0, a[1]]
    for (let t = 0; t < 24; t++) {
      ;[x, y] = [y, (2 * x + 3 * y) % 5]
      const here = a[x + 5 * y]
      a[x + 5 * y] = rotate(moved, (((t + 1) * (t + 2)) / 2) % 64)
      moved = here
    }
    for (let row = 0; row < 25; row += 5) {
      const old = a.slice(row, row + 5)
      for (let i = 0; i < 5; i++) a[row + i] = old[i] ^ (~old[(i + 1) % 5] & MASK & old[(i + 2) % 5])
    }
    a[0] ^= constant
  }
}

/// Keccak-256 as Ethereum has it: SHA3-256 but for the padding.
const keccak = (bytes) => {
  const rate = 136
  const padded = Buffer.alloc((Math.floor(bytes.length / rate) + 1) * rate)
  bytes.copy(padded)
  padded[bytes.length] ^= 0x01
  padded[padded.length - 1] ^= 0x80
  const state = new Array(25).fill(0n)
  for (let at = 0; at < padded.length; at += rate) {
    for (let i = 0; i < rate / 8; i++) state[i] ^= padded.readBigUInt64LE(at + 8 * i)
    permute(state)
  }
  const out = Buffer.alloc(32)
  for (let i = 0; i < 4; i++) out.writeBigUInt64LE(state[i], 8 * i)
  return out
}

const hex = (s) => Buffer.from(s.replace(/^0x/, ''), 'hex')
const shown = (bytes) => '0x' + bytes.toString('hex')

const rlp = (item) => {
  const header = (length, short) => {
    if (length < 56) return Buffer.from([short + length])
    const size = hex(length.toString(16).padStart(length < 256 ? 2 : 4, '0'))
    return Buffer.concat([Buffer.from([short + 55 + size.length]), size])
  }
  if (Array.isArray(item)) {
    const content = Buffer.concat(item.map(rlp))
    return Buffer.concat([header(content.length, 0xc0), content])
  }
  return item.length === 1 && item[0] < 0x80 ? item : Buffer.concat([header(item.length, 0x80), item])
}

/// [32 bytes of vanity, validators, no vote, round 0, no seals].
const extraData = (addresses) => shown(rlp([Buffer.alloc(32), addresses.map(hex), [], Buffer.alloc(0), []]))

/// 64 bytes: x and y of a point of secp256k1. Node refuses what is not on the curve.
const point = (text) => {
  const bytes = hex(text)
  if (!/^(0x)?[0-9a-f]{128}$/.test(text)) throw new Error('not 128 lower-case hex digits')
  const part = (from, to) => bytes.subarray(from, to).toString('base64url')
  createPublicKey({ key: { kty: 'EC', crv: 'secp256k1', x: part(0, 32), y: part(32, 64) }, format: 'jwk' })
  return bytes
}
const address = (publicKey) => shown(keccak(publicKey).subarray(12))

/// The published rule that makes the test keys: everybody has them.
const published = (text) => {
  const key = createECDH('secp256k1')
  key.setPrivateKey(createHash('sha256').update(text).digest())
  return key.getPublicKey().subarray(1)
}
const NODES = ['validator-1', 'validator-2', 'validator-3', 'validator-4', 'rpc-1', 'rpc-2', 'rpc-3', 'rpc-4']
const testNodes = () => NODES.map((name) => published(`hocba besu test node: ${name}`))
/// keys-example/README.md has the rule.
const testAccounts = () =>
  ['anchorer', 'status-keeper', 'chain-admin'].map((name) => address(published(`hocba example key: ${name}`)))

// ---------------------------------------------------------------- Files

/// The part of TOML that Besu's files need: `key=value` with a string, number, boolean or array of strings, which may
/// span lines. Anything else is an error.
const toml = (text) => {
  const values = {}
  let open = ''
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (open === '' && (trimmed === '' || trimmed.startsWith('#'))) continue
    open += trimmed
    const match = /^([A-Za-z0-9-]+)\s*=\s*(.*)$/.exec(open)
    if (!match) throw new Error(`not key=value: ${open}`)
    if (match[2].startsWith('[') && !match[2].endsWith(']')) continue
    if (match[1] in values) throw new Error(`${match[1]} stands there twice`)
    const value = JSON.parse(match[2])
    const plain = Array.isArray(value) ? value.every((one) => typeof one === 'string') : Object(value) !== value
    if (!plain || value === null) throw new Error(`${match[1]} is no string, number, boolean or list of strings`)
    values[match[1]] = value
    open = ''
  }
  if (open !== '') throw new Error(`never closed: ${open.slice(0, 40)}`)
  return values
}

const sorted = (object) =>
  object && typeof object === 'object' && !Array.isArray(object)
    ? Object.fromEntries(
        Object.keys(object)
          .sort()
          .map((key) => [key, sorted(object[key])]),
      )
    : object
const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

const SHARED = ['genesis.json', 'qbftConfigFile.json', 'static-nodes.json', 'permissions_config.toml']
const OWN = ['validator.toml', 'rpc-node.toml']

const read = (folder) => {
  const files = {}
  for (const name of [...SHARED, ...OWN]) {
    const path = join(folder, name)
    if (existsSync(path)) files[name] = readFileSync(path, 'utf8')
  }
  return files
}

// ---------------------------------------------------------------- The checks

/// Milestones are a decision of their own (README.md): a line that nobody looked at changes the rules of the chain.
const REFUSED = {
  terminalTotalDifficulty: 'Besu ends sealing there',
  osakaTime: 'a transaction may then have 16,777,216 gas at most, and a full status call needs more',
  amsterdamTime: 'not looked at, and Besu warns of it for such networks',
}

/// What does not fit, in words. `reference`: the files are those of this folder, with the published keys.
const faults = (files, reference) => {
  const found = []
  const fault = (file, words) => found.push(`${file}: ${words}`)
  const parsed = {}
  for (const name of SHARED) {
    if (!(name in files)) fault(name, 'is missing')
  }
  if (!OWN.some((name) => name in files)) fault(OWN.join(' or '), 'is missing')
  for (const [name, text] of Object.entries(files)) {
    try {
      parsed[name] = name.endsWith('.json') ? JSON.parse(text) : toml(text)
    } catch (error) {
      fault(name, error.message)
    }
  }
  if (found.length > 0) return found
  const genesis = parsed['genesis.json']
  const plan = parsed['qbftConfigFile.json']

  // Validators.
  const keys = plan.blockchain?.nodes?.keys ?? []
  if (plan.blockchain?.nodes?.generate !== false) {
    fault('qbftConfigFile.json', 'generate must be false: each operator makes the key of its own validator')
  }
  let validators = []
  try {
    validators = keys.map((key) => address(point(key)))
  } catch (error) {
    fault('qbftConfigFile.json', `a public key is none: ${error.message}`)
  }
  if (validators.length !== 4) fault('qbftConfigFile.json', `${validators.length} validators, not 4`)
  if (new Set(validators).size !== validators.length) fault('qbftConfigFile.json', 'a validator stands there twice')
  if (!same(validators, [...validators].sort())) fault('qbftConfigFile.json', 'validators are not in ascending order')
  if (genesis.extraData !== extraData(validators)) {
    fault('genesis.json', `extraData is not that of the four validators, ${extraData(validators)}`)
  }
  const { extraData: _, ...rest } = genesis
  if (!same(rest, plan.genesis)) fault('genesis.json', 'differs from qbftConfigFile.json in more than extraData')

  // Rules of the chain.
  const config = genesis.config ?? {}
  const { chainId, zeroBaseFee, qbft = {}, ...milestones } = config
  if (!Number.isSafeInteger(chainId) || chainId < 2) fault('genesis.json', 'chainId is no number below 2^53')
  if (zeroBaseFee !== true) fault('genesis.json', 'zeroBaseFee must be true, or a price of 0 is refused')
  if (milestones.londonBlock !== 0) fault('genesis.json', 'londonBlock must be 0: the contract is compiled for paris')
  for (const [name, value] of Object.entries(milestones)) {
    if (name in REFUSED) fault('genesis.json', `${name}: ${REFUSED[name]}`)
    else if (!['berlinBlock', 'londonBlock'].includes(name)) fault('genesis.json', `${name} was not looked at`)
    else if (value !== 0) fault('genesis.json', `${name} must be 0`)
  }
  const { emptyblockperiodseconds: empty = 4, ...periods } = qbft
  const wanted = { blockperiodseconds: 4, requesttimeoutseconds: 8, epochlength: 30_000 }
  if (!same(periods, wanted)) fault('genesis.json', `qbft must be ${JSON.stringify(wanted)} and the empty block period`)
  // Up to so long may a validator that proposes a block date it back; monitoring counts on a block a minute.
  if (!(empty >= 4 && empty <= 60)) fault('genesis.json', 'emptyblockperiodseconds must be 4 to 60, or left out')
  const fixed = {
    nonce: '0x0',
    timestamp: '0x0',
    difficulty: '0x1',
    mixHash: '0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365',
    coinbase: '0x' + '00'.repeat(20),
    alloc: {},
  }
  for (const [name, value] of Object.entries(fixed)) {
    if (!same(genesis[name], value)) fault('genesis.json', `${name} must be ${JSON.stringify(value)}`)
  }
  const gasLimit = Number(genesis.gasLimit)
  if (!(gasLimit >= STATUS_CALL_GAS)) fault('genesis.json', `gasLimit is below the ${STATUS_CALL_GAS} of a status call`)

  // Nodes.
  const enodes = parsed['static-nodes.json'].map((url) => {
    const match = /^enode:\/\/([0-9a-f]{128})@((?:\d{1,3}\.){3}\d{1,3}:\d{1,5})$/.exec(url)
    if (!match) fault('static-nodes.json', `not an enode with an IPv4 address and port: ${url}`)
    return { id: match?.[1] ?? '', place: match?.[2] ?? '' }
  })
  for (const what of ['id', 'place']) {
    const list = enodes.map((enode) => enode[what])
    if (new Set(list).size !== list.length) fault('static-nodes.json', `two nodes have one ${what}`)
  }
  const places = new Map()
  for (const { id, place } of enodes) {
    try {
      places.set(place, address(point(id)))
    } catch (error) {
      fault('static-nodes.json', `${id.slice(0, 8)}… is no public key: ${error.message}`)
    }
  }
  for (const validator of validators) {
    if (![...places.values()].includes(validator)) fault('static-nodes.json', `validator ${validator} is not in it`)
  }

  // Permissions.
  const permissions = parsed['permissions_config.toml']
  const nodes = permissions['nodes-allowlist'] ?? []
  const accounts = permissions['accounts-allowlist'] ?? []
  if (!same(Object.keys(permissions).sort(), ['accounts-allowlist', 'nodes-allowlist'])) {
    fault('permissions_config.toml', 'has other entries than the two lists')
  }
  if (!same([...nodes].sort(), [...parsed['static-nodes.json']].sort())) {
    fault('permissions_config.toml', 'nodes-allowlist and static-nodes.json differ')
  }
  if (accounts.length < 3) fault('permissions_config.toml', 'anchorer, status keeper and administrator are three')
  if (new Set(accounts).size !== accounts.length) fault('permissions_config.toml', 'an account stands there twice')
  for (const account of accounts) {
    if (!/^0x[0-9a-f]{40}$/.test(account)) fault('permissions_config.toml', `${account} is no lower-case address`)
    if ([...places.values()].includes(account)) fault('permissions_config.toml', `${account} is the key of a node`)
  }

  // Each node.
  const common = {
    'sync-mode': 'FULL',
    'discovery-enabled': false,
    'min-gas-price': 0,
    'permissions-nodes-config-file-enabled': true,
    'permissions-accounts-config-file-enabled': true,
    'rpc-http-host': '127.0.0.1',
  }
  for (const name of OWN.filter((own) => own in parsed)) {
    const node = parsed[name]
    for (const [option, value] of Object.entries(common)) {
      if (node[option] !== value) fault(name, `${option} must be ${JSON.stringify(value)}`)
    }
    if ('tx-pool-price-bump' in node) fault(name, 'tx-pool-price-bump does not go with zeroBaseFee')
    if (!(node['tx-pool-max-tx-bytes'] >= STATUS_CALL_BYTES)) {
      fault(name, `tx-pool-max-tx-bytes is below the ${STATUS_CALL_BYTES} of a status call`)
    }
    const here = places.get(`${node['p2p-host']}:${node['p2p-port']}`)
    if (here === undefined) fault(name, 'p2p-host and p2p-port are no node of static-nodes.json')
    const apis = node['rpc-http-api'] ?? []
    if (name === 'validator.toml') {
      if (here && !validators.includes(here)) fault(name, `the node at its address, ${here}, is no validator`)
      if (!apis.includes('QBFT')) fault(name, 'without the API QBFT nobody can vote')
    } else {
      if (validators.includes(here)) fault(name, `the node at its address, ${here}, is a validator`)
      const more = apis.filter((api) => !['ETH', 'NET', 'WEB3'].includes(api))
      if (more.length > 0) fault(name, `readers must not reach ${more.join(', ')}`)
      if (!(node['rpc-gas-cap'] >= STATUS_CALL_GAS)) fault(name, `rpc-gas-cap is below ${STATUS_CALL_GAS}`)
      if (!(node['rpc-max-logs-range'] >= 320_000)) fault(name, 'rpc-max-logs-range is below 320000')
    }
  }

  // Published keys.
  const known = new Set([...testNodes().map(address), ...testAccounts()])
  const used = [...places.values(), ...accounts]
  if (reference) {
    if (!same([...used].sort(), [...known].sort())) fault('the keys', 'are not those of the published rule')
  } else {
    for (const key of used.filter((one) => known.has(one))) fault('the keys', `${key} is published: everybody has it`)
  }
  return found
}

/// What these files say of the program, against the program.
const against = (repository) => {
  const found = []
  const source = (path) => readFileSync(join(repository, path), 'utf8')
  const number = (text, name) => Number(new RegExp(`${name}: u64 = ([0-9_]+);`).exec(text)?.[1].replaceAll('_', ''))
  const transaction = source('crates/chain/src/transaction.rs')
  const asked = number(transaction, 'SET_STATUS_BASE_GAS') + 1000 * number(transaction, 'SET_STATUS_CHANGE_GAS')
  if (asked !== STATUS_CALL_GAS) found.push(`crates/chain asks for ${asked} gas, here are ${STATUS_CALL_GAS}`)
  const used = Number(JSON.parse(source('contracts/gas.json'))['setStatus, 1000 changes'])
  if (!(used <= STATUS_CALL_GAS)) found.push(`contracts/gas.json: a status call uses ${used}`)
  const registered = [...source('crates/server/src/metrics.rs').matchAll(/register(?:_with_unit)?\(\s*"([a-z_]+)"/g)]
  const names = registered.map((match) => `hocba_${match[1]}`)
  for (const [name] of readFileSync(join(HERE, 'alerts.yml'), 'utf8').matchAll(/\bhocba_[a-z_]+/g)) {
    if (!names.some((known) => name === known || name === `${known}_seconds`)) {
      found.push(`alerts.yml: crates/server has no metric ${name}`)
    }
  }
  return found
}

const vectors = () => {
  const found = []
  const expect = (what, a, b) => a === b || found.push(`${what}: ${a}, not ${b}`)
  expect(
    'keccak of nothing',
    shown(keccak(Buffer.alloc(0))),
    '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
  )
  expect('rlp of an empty list, the hash of no ommers', shown(keccak(rlp([]))).slice(0, 10), '0x1dcc4de8')
  // The generator's address: the public key of the secret 1.
  const one = createECDH('secp256k1')
  one.setPrivateKey(hex('01'.padStart(64, '0')))
  expect('address of 1', address(one.getPublicKey().subarray(1)), '0x7e5f4552091a69125d5dfcb7b8c2659029395bdf')
  // The example of Besu's own page on QBFT.
  const list = [
    '4592c8e45706cc08b8f44b11e43cba0cfc5892cb',
    '06e23768a0f59cf365e18c2e0c89e151bcdedc70',
    'c5327f96ee02d7bcbc1bf1236b8c15148971e1de',
    'ab5e7f4061c605820d3744227eed91ff8e2c8908',
  ]
  const before = `0xf87aa0${'00'.repeat(32)}f854`
  expect('extraData', extraData(list), `${before}${list.map((a) => '94' + a).join('')}c080c0`)
  return found
}

// ---------------------------------------------------------------- Breaking it

const selfTest = () => {
  const files = read(HERE)
  const json = (name, change) => {
    const value = JSON.parse(files[name])
    change(value)
    return { [name]: JSON.stringify(value) }
  }
  /// In the genesis file and in the plan that it is made of.
  const both = (change) => ({ ...json('genesis.json', change), ...json('qbftConfigFile.json', (p) => change(p.genesis)) })
  const text = (name, from, to) => {
    if (files[name].search(from) < 0) throw new Error(`${name} has no ${from}`)
    return { [name]: files[name].replace(from, to) }
  }
  const line = (name, from, to) => text(name, new RegExp(`^${from}$`, 'm'), to)
  const [first] = JSON.parse(files['static-nodes.json'])
  const broken = [
    ['another validator', /extraData is not/, json('genesis.json', (g) => (g.extraData = g.extraData.replace(/.{8}c080c0$/, '00000000c080c0')))],
    ['a vote in the genesis', /extraData is not/, json('genesis.json', (g) => (g.extraData = g.extraData.replace(/c080c0$/, 'c180c0')))],
    ['three validators', /3 validators, not 4/, json('qbftConfigFile.json', (p) => p.blockchain.nodes.keys.pop())],
    ['a validator twice', /validator stands there twice/, json('qbftConfigFile.json', (p) => (p.blockchain.nodes.keys[1] = p.blockchain.nodes.keys[0]))],
    ['another order', /not in ascending order/, json('qbftConfigFile.json', (p) => p.blockchain.nodes.keys.reverse())],
    ['a key off the curve', /a public key is none/, json('qbftConfigFile.json', (p) => (p.blockchain.nodes.keys[0] = '0x' + '11'.repeat(64)))],
    ['keys made in one place', /generate must be false/, json('qbftConfigFile.json', (p) => (p.blockchain.nodes.generate = true))],
    ['another gas limit than planned', /differs from qbftConfigFile/, json('genesis.json', (g) => (g.gasLimit = '0x47b7600'))],
    ['a small block', /gasLimit is below/, both((g) => (g.gasLimit = '0x1e84800'))],
    ['a base fee', /zeroBaseFee must be true/, both((g) => delete g.config.zeroBaseFee)],
    ['no London', /londonBlock must be 0/, both((g) => delete g.config.londonBlock)],
    ['a later London', /londonBlock must be 0/, both((g) => (g.config.londonBlock = 1000))],
    ['a later Berlin', /berlinBlock must be 0/, both((g) => (g.config.berlinBlock = 1000))],
    ['Osaka', /osakaTime: a transaction/, both((g) => (g.config.osakaTime = 0))],
    ['a merge', /terminalTotalDifficulty/, both((g) => (g.config.terminalTotalDifficulty = 0))],
    ['Shanghai', /shanghaiTime was not looked at/, both((g) => (g.config.shanghaiTime = 0))],
    ['the old name of a period', /qbft must be/, both((g) => (g.config.qbft.xemptyblockperiodseconds = 60))],
    ['a second between blocks', /qbft must be/, both((g) => (g.config.qbft.blockperiodseconds = 1))],
    ['an hour between blocks', /emptyblockperiodseconds must be/, both((g) => (g.config.qbft.emptyblockperiodseconds = 3600))],
    ['money from the start', /alloc must be/, both((g) => (g.alloc = { ['00'.repeat(20)]: { balance: '0x1' } }))],
    ['another mix hash', /mixHash must be/, both((g) => (g.mixHash = '0x' + '00'.repeat(32)))],
    ['no chain id', /chainId is no number/, both((g) => delete g.config.chainId)],
    ['a node not allowed', /nodes-allowlist and static-nodes.json differ/, json('static-nodes.json', (n) => n.push(n[7].replace(':30303', ':30304')))],
    ['a validator nobody looks for', /validator 0x[0-9a-f]{40} is not in it/, { ...json('static-nodes.json', (n) => n.shift()), ...text('permissions_config.toml', `  "${first}",\n`, '') }],
    ['two nodes at one address', /two nodes have one place/, json('static-nodes.json', (n) => (n[1] = n[1].replace('198.51.100.11', '192.0.2.11')))],
    ['one key at two addresses', /two nodes have one id/, json('static-nodes.json', (n) => (n[1] = n[0].replace('192.0.2.11', '198.51.100.11')))],
    ['a name instead of an address', /not an enode/, json('static-nodes.json', (n) => (n[0] = n[0].replace('192.0.2.11', 'node.example.vn')))],
    ['a node off the curve', /is no public key/, json('static-nodes.json', (n) => (n[7] = n[7].replace(/[0-9a-f]{128}/, '11'.repeat(64))))],
    ['a stranger allowed', /nodes-allowlist and static-nodes.json differ/, text('permissions_config.toml', '192.0.2.12:', '192.0.2.13:')],
    ['two accounts', /are three/, text('permissions_config.toml', /"0x[0-9a-f]{40}",\n/, '')],
    ['an account twice', /account stands there twice/, text('permissions_config.toml', /"(0x[0-9a-f]{40})"/, '"$1","$1"')],
    ['an account in upper case', /no lower-case address/, text('permissions_config.toml', '"0x', '"0X')],
    ['a validator that sends', /is the key of a node/, text('permissions_config.toml', /0x[0-9a-f]{40}/, testNodes().map(address)[0])],
    ['an unknown account', /not those of the published rule/, text('permissions_config.toml', /0x[0-9a-f]{40}/, '0x' + '77'.repeat(20))],
    ['a list never closed', /never closed/, text('permissions_config.toml', /\]\s*$/, '')],
    ['a third list', /other entries/, text('permissions_config.toml', /$/, 'accounts-denylist=["0x00"]\n')],
    ['a price for gas', /min-gas-price must be 0/, line('validator.toml', 'min-gas-price=0', 'min-gas-price=1000')],
    ['the default price', /min-gas-price must be 0/, line('rpc-node.toml', 'min-gas-price=0', '')],
    ['any peer', /permissions-nodes-config-file-enabled must/, text('validator.toml', 'permissions-nodes-config-file-enabled=true', '')],
    ['any sender', /permissions-accounts-config-file-enabled must/, text('rpc-node.toml', 'permissions-accounts-config-file-enabled=true', '')],
    ['discovery', /discovery-enabled must be false/, line('validator.toml', 'discovery-enabled=false', 'discovery-enabled=true')],
    ['snap sync', /sync-mode must be/, text('validator.toml', 'sync-mode="FULL"', 'sync-mode="SNAP"')],
    ['votes for everybody', /readers must not reach QBFT/, text('rpc-node.toml', '"WEB3"]', '"WEB3","QBFT"]')],
    ['no votes', /nobody can vote/, text('validator.toml', '"QBFT",', '')],
    ['RPC on every interface', /rpc-http-host must be/, text('rpc-node.toml', 'rpc-http-host="127.0.0.1"', 'rpc-http-host="0.0.0.0"')],
    ['short transactions', /tx-pool-max-tx-bytes is below/, text('validator.toml', 'tx-pool-max-tx-bytes=262144', 'tx-pool-max-tx-bytes=131072')],
    ['a small gas cap', /rpc-gas-cap is below/, text('rpc-node.toml', 'rpc-gas-cap=60000000', 'rpc-gas-cap=30000000')],
    ['few logs', /rpc-max-logs-range is below/, text('rpc-node.toml', 'rpc-max-logs-range=320000', 'rpc-max-logs-range=5000')],
    ['a validator at an RPC node', /is no validator/, text('validator.toml', 'p2p-host="192.0.2.11"', 'p2p-host="192.0.2.12"')],
    ['an RPC node at a validator', /is a validator/, text('rpc-node.toml', 'p2p-host="192.0.2.12"', 'p2p-host="192.0.2.11"')],
    ['a node nowhere', /no node of static-nodes/, text('rpc-node.toml', 'p2p-port=30303', 'p2p-port=30304')],
    ['an option twice', /stands there twice/, line('validator.toml', 'min-gas-price=0', 'min-gas-price=0\nmin-gas-price=0')],
    ['a table', /not key=value/, line('validator.toml', 'min-gas-price=0', '[table]')],
    ['a price bump', /does not go with zeroBaseFee/, line('validator.toml', 'min-gas-price=0', 'min-gas-price=0\ntx-pool-price-bump=10')],
    ['no genesis', /genesis.json: is missing/, { 'genesis.json': undefined }],
    ['no node', /rpc-node.toml: is missing/, { 'validator.toml': undefined, 'rpc-node.toml': undefined }],
  ]
  const found = faults(files, true)
  for (const [what, wanted, changed] of broken) {
    const present = Object.entries({ ...files, ...changed }).filter(([, content]) => content !== undefined)
    const told = faults(Object.fromEntries(present), true)
    if (!told.some((words) => wanted.test(words))) found.push(`not noticed: ${what}${told.map((t) => `\n  but ${t}`).join('')}`)
  }
  const published = faults(files, false).filter((words) => /is published/.test(words))
  if (published.length !== NODES.length + 3) found.push(`${published.length} published keys were noticed in an own folder`)
  if (found.length === 0) console.log(`${broken.length} faults, each noticed; ${published.length} published keys refused`)
  return found
}

// ---------------------------------------------------------------- The command line

const [what, ...more] = process.argv.slice(2)
let found = vectors()
if (what === '--address') {
  const isFile = existsSync(more[0])
  const jwk = isFile && createPublicKey(readFileSync(more[0])).export({ format: 'jwk' })
  if (isFile && jwk.crv !== 'secp256k1') throw new Error(`${more[0]} is no key of secp256k1`)
  const part = (text) => Buffer.from(text, 'base64url')
  console.log(address(isFile ? Buffer.concat([part(jwk.x), part(jwk.y)]) : point(more[0])))
} else if (what === '--extra-data') {
  console.log(extraData(more))
} else if (what === '--self-test') {
  found.push(...selfTest())
} else {
  const folder = what === undefined ? HERE : resolve(what)
  const reference = folder === HERE
  found.push(...faults(read(folder), reference))
  if (reference && existsSync(join(REPOSITORY, 'contracts/gas.json'))) found.push(...against(REPOSITORY))
  if (found.length === 0) console.log(reference ? 'the reference network fits (TEST KEYS)' : `${folder} fits`)
}
for (const words of found) console.error(words)
process.exitCode = found.length === 0 ? 0 : 1
