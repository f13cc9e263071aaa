// Digests of one fixed deployment and history, byte by byte as src/IHocbaAnchor.sol says and without its code: what an
// independent program has to arrive at. build.mjs commits them as test/vectors.json.
import { createHash } from 'node:crypto'

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest()
const text = (s) => Buffer.from(s, 'ascii')
const hex = (s) => Buffer.from(s.slice(2), 'hex')
const uint = (value, bytes) => hex('0x' + BigInt(value).toString(16).padStart(2 * bytes, '0'))
const padded = (s, bytes) => Buffer.concat([text(s), Buffer.alloc(bytes - s.length)])
const shown = (bytes) => '0x' + bytes.toString('hex')

const chainId = 1337
const contract = '0x8200735ED1B2A967256a2551200170950E15Dc52'
const batches = [
  { root: shown(sha256(text('batch 0'))), size: 1, issuer: 'so-gddt-01', alg: 1, time: 1_780_000_000 },
  { root: shown(sha256(text('batch 1'))), size: 65_536, issuer: 'so-gddt-01', alg: 1, time: 1_780_000_002 },
]
const recordId = '0x000102030405060708090a0b0c0d0e0f'
const key = shown(sha256(text('hocba-status-v1'), hex(recordId)))
const statement = (n) => shown(sha256(text(`statement ${n}`)))
const changes = [
  { key, liveVersion: 2, revoked: false, reason: 1, statement: statement(0), time: 1_780_000_000 },
  { key, liveVersion: 3, revoked: true, reason: 2, statement: statement(1), time: 1_780_000_002 },
]

const chained = (domain, items, fields) => {
  const context = [text(domain), uint(chainId, 32), hex(contract)]
  const digests = [sha256(...context)]
  items.forEach((item, n) => digests.push(sha256(...context, uint(n, 8), ...fields(item), digests[n])))
  return digests.map(shown)
}

export const vectors = {
  chainId,
  contract,
  recordId,
  batches,
  anchorDigests: chained('hocba-anchor-v1', batches, (b) => [
    hex(b.root),
    uint(b.size, 4),
    padded(b.issuer, 16),
    uint(b.alg, 1),
    uint(b.time, 8),
  ]),
  changes,
  statusDigests: chained('hocba-status-log-v1', changes, (c) => [
    hex(c.key),
    uint(c.liveVersion, 4),
    uint(c.revoked ? 1 : 0, 1),
    uint(c.reason, 1),
    uint(c.time, 8),
    hex(c.statement),
  ]),
}
