// Verifies one bundle as far as bytes and keys go, with npm `jose`, npm `canonicalize` and node's own crypto; nothing of
// hocba is used. In: {"bundle": file, "signers": [{"key", "certificate"}]}. Out: what was found. Any doubt throws.
import assert from 'node:assert/strict'
import { X509Certificate, createHash, hkdfSync } from 'node:crypto'
import { text } from 'node:stream/consumers'
import canonicalize from 'canonicalize'
import { flattenedVerify, generalVerify } from 'jose'

const input = JSON.parse(await text(process.stdin))
const bundle = JSON.parse(input.bundle)
assert.equal(canonicalize(bundle), input.bundle, 'the file is its own canonical form')
const [record] = bundle.records
const { statement } = record

const base64url = (bytes) => Buffer.from(bytes).toString('base64url')
const decode = (one) => {
  const bytes = Buffer.from(one, 'base64url')
  assert.equal(bytes.toString('base64url'), one, 'one spelling of base64url')
  return bytes
}
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
const decodeJson = (one) => {
  const json = decode(one).toString('utf8')
  const value = JSON.parse(json)
  assert.equal(canonicalize(value), json, 'payload and headers are their own canonical forms')
  return value
}

// Certificates by digest; each signer's key is the one its certificate holds.
const certificates = new Map(bundle.authority.certificates.map((one) => [base64url(sha256(decode(one))), decode(one)]))
const options = { algorithms: ['Ed25519'] }
const accepts = (jws, key) => flattenedVerify(jws, key, options).then(() => true, (error) => {
  assert.match(error.code, /^ERR_J(OSE|W)/, String(error))
  return false
})

const payload = decodeJson(statement.payload)
const entries = []
for (const [index, { protected: head, signature, ...others }] of statement.signatures.entries()) {
  assert.deepEqual(others, {}, 'no unprotected header')
  const header = decodeJson(head)
  const digest = header['x5t#S256']
  assert.equal(digest, input.signers[index].certificate)
  const key = new X509Certificate(certificates.get(digest)).publicKey
  assert.equal(key.export({ format: 'jwk' }).x, input.signers[index].key)
  entries.push({ header, key, jws: { payload: statement.payload, protected: head, signature } })
}
assert.equal(entries.length, 3)

// Each signature by itself, in both serializations, under its own key and under no other.
let refused = 0
for (const [index, { jws, key, header }] of entries.entries()) {
  const verified = await flattenedVerify(jws, key, options)
  assert.deepEqual(verified.protectedHeader, header)
  assert.equal(header.typ, 'hocba-record+jws')
  const { payload: one, ...entry } = jws
  await generalVerify({ payload: one, signatures: [entry] }, key, options)
  for (const other of entries) assert.equal(await accepts(jws, other.key), other.key === key)

  // prev: SHA-256 of ASCII(protected.payload.signature) of the entry before.
  const before = entries[index - 1]?.jws
  const prev = before && base64url(sha256(`${before.protected}.${before.payload}.${before.signature}`))
  assert.equal(header.prev, prev)

  const refuse = async (changed) => {
    assert.equal(await accepts({ ...jws, ...changed }, key), false, 'a changed bit is accepted')
    refused++
  }
  const flip = (one, bit) => {
    const bytes = decode(one)
    bytes[bit >> 3] ^= 1 << (bit & 7)
    return base64url(bytes)
  }
  for (let bit = 0; bit < 512; bit++) await refuse({ signature: flip(jws.signature, bit) })
  for (let byte = 0; byte < decode(jws.payload).length; byte++) await refuse({ payload: flip(jws.payload, 8 * byte + (byte & 7)) })
  for (let byte = 0; byte < decode(jws.protected).length; byte++) await refuse({ protected: flip(jws.protected, 8 * byte + (byte & 7)) })
}

// Disclosures: the digest is over base64url of the canonical array, and stands in _sd; the seed explains the rest.
assert.equal(payload._sd_alg, 'sha-256')
const unexplained = new Set(payload._sd)
const hkdf = (info, what, length) =>
  base64url(hkdfSync('sha256', decode(record.seed), Buffer.alloc(0), Buffer.concat([Buffer.from(`${info}\0`), what]), length))
for (const disclosure of record.disclosures) {
  const [salt, name] = disclosure
  assert.equal(salt, hkdf('hocba-salt-v1', Buffer.from(name), 16))
  const digest = base64url(sha256(base64url(canonicalize(disclosure))))
  assert.ok(unexplained.delete(digest), `${name} is not in _sd`)
}
const decoys = unexplained.size
for (let n = 0; n < decoys; n++) {
  assert.ok(unexplained.delete(hkdf('hocba-decoy-v1', Buffer.from([n >> 8, n & 255]), 32)), `decoy ${n} is not in _sd`)
}
assert.equal(unexplained.size, 0)

// Leaf and root: RFC 9162 §2.1.3.2, over the canonical bytes of the statement.
const leaf = sha256(Buffer.from([0]), canonicalize(statement))
let root = leaf
let [fn, sn] = [record.anchor.index, record.anchor.size - 1]
for (const node of record.anchor.path.map(decode)) {
  assert.ok(sn > 0)
  if (fn % 2 === 1 || fn === sn) {
    root = sha256(Buffer.from([1]), node, root)
    while (fn % 2 === 0 && fn > 0) [fn, sn] = [fn >> 1, sn >> 1]
  } else {
    root = sha256(Buffer.from([1]), root, node)
  }
  ;[fn, sn] = [fn >> 1, sn >> 1]
}
assert.equal(sn, 0)

process.stdout.write(JSON.stringify({
  roles: entries.map(({ header }) => header.role),
  countersigned: entries.map(({ header }) => header.prev !== undefined),
  leaf: base64url(leaf),
  root: base64url(root),
  disclosures: record.disclosures.length,
  decoys,
  refused,
}))
