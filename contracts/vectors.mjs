// Digests of two fixed deployments and their history, the first closed and the second its successor, byte by byte as
// src/IHocbaAnchor.sol says and without its code: what an independent program has to arrive at. build.mjs commits them as
// test/vectors.json.
import { createHash } from 'node:crypto'

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest()
const text = (s) => Buffer.from(s, 'ascii')
const hex = (s) => Buffer.from(s.slice(2), 'hex')
const uint = (value, bytes) => hex('0x' + BigInt(value).toString(16).padStart(2 * bytes, '0'))
const padded = (s, bytes) => Buffer.concat([text(s), Buffer.alloc(bytes - s.length)])
const shown = (bytes) => '0x' + bytes.toString('hex')

const batch = (n, size, time) => ({ root: shown(sha256(text(`batch ${n}`))), size, issuer: 'so-gddt-01', alg: 1, time })
const recordId = '0x000102030405060708090a0b0c0d0e0f'
const key = shown(sha256(text('hocba-status-v1'), hex(recordId)))
const statement = (n) => shown(sha256(text(`statement ${n}`)))

const first = {
  chainId: 1337,
  contract: '0x8200735ED1B2A967256a2551200170950E15Dc52',
  batches: [batch(0, 1, 1_780_000_000), batch(1, 65_536, 1_780_000_002)],
  changes: [
    { key, liveVersion: 2, revoked: false, reason: 1, statement: statement(0), time: 1_780_000_000 },
    { key, liveVersion: 3, revoked: true, reason: 2, statement: statement(1), time: 1_780_000_002 },
  ],
}
const closing = { statement: shown(sha256(text('\0closing statement'))), time: 1_780_000_010 }
const second = {
  chainId: 1338,
  contract: '0x38eC547C250bbca9FEf3914a5b46F7051E4C683D',
  batches: [batch(2, 3, 1_780_000_011), batch(3, 4_096, 1_780_000_600)],
  // A status is not carried over: the log of the successor starts from nothing.
  changes: [
    { key, liveVersion: 3, revoked: true, reason: 2, statement: statement(2), time: 1_780_000_011 },
    { key, liveVersion: 4, revoked: true, reason: 3, statement: statement(3), time: 1_780_000_600 },
  ],
}

const context = (domain, era) => [text(domain), uint(era.chainId, 32), hex(era.contract)]
const chained = (domain, era, before, items, fields) => {
  const digests = [sha256(...context(domain, era), ...before)]
  items.forEach((item, n) => digests.push(sha256(...context(domain, era), uint(n, 8), ...fields(item), digests[n])))
  return digests.map(shown)
}
const anchorDigests = (era, ...before) =>
  chained('hocba-anchor-v1', era, before, era.batches, (b) => [
    hex(b.root),
    uint(b.size, 4),
    padded(b.issuer, 16),
    uint(b.alg, 1),
    uint(b.time, 8),
  ])
const statusDigests = (era, ...before) =>
  chained('hocba-status-log-v1', era, before, era.changes, (c) => [
    hex(c.key),
    uint(c.liveVersion, 4),
    uint(c.revoked ? 1 : 0, 1),
    uint(c.reason, 1),
    uint(c.time, 8),
    hex(c.statement),
  ])

const firstAnchors = anchorDigests(first)
const firstStatuses = statusDigests(first)
const closingDigest = sha256(
  ...context('hocba-closing-v1', first),
  uint(first.batches.length, 8),
  hex(firstAnchors.at(-1)),
  uint(first.changes.length, 8),
  hex(firstStatuses.at(-1)),
  uint(closing.time, 8),
  hex(closing.statement),
)

export const vectors = {
  chainId: first.chainId,
  contract: first.contract,
  recordId,
  batches: first.batches,
  anchorDigests: firstAnchors,
  changes: first.changes,
  statusDigests: firstStatuses,
  closing: { ...closing, digest: shown(closingDigest) },
  successor: {
    chainId: second.chainId,
    contract: second.contract,
    predecessor: {
      chainId: first.chainId,
      contract: first.contract,
      closingDigest: shown(closingDigest),
      closedAt: closing.time,
    },
    batches: second.batches,
    anchorDigests: anchorDigests(second, closingDigest),
    changes: second.changes,
    statusDigests: statusDigests(second, closingDigest),
  },
}
