// Loaded by `node --require` before @ethereumjs/client 0.9.0, the last version that seals Clique blocks with transactions
// in them. As released it cannot run a network of several sealers; what is changed here, each with its reason, is changed
// in memory only. tests/network starts it and says in HOCBA_NETWORK_NODE who the node is and whom it calls:
// {"key": "<64 hex digits>", "dial": [{"id": "<128 hex digits>", "port": 30303}]}
'use strict'

const path = require('path')

// A native library for the blobs of later forks, built by an install script, which we do not run. London has no blobs.
const kzg = require.resolve('c-kzg')
require.cache[kzg] = { id: kzg, filename: kzg, loaded: true, exports: { loadTrustedSetup: () => {} } }

const part = (name) => require(path.join(__dirname, 'node_modules/@ethereumjs', name))
const { Block } = part('block')
const { DPT, RLPx } = part('devp2p')
const { hexToBytes } = part('util')
const { Config } = part('client/dist/src/config.js')
const { Miner } = part('client/dist/src/miner/miner.js')
const { PeerPool } = part('client/dist/src/net/peerpool.js')
const { RlpxServer } = part('client/dist/src/net/server/rlpxserver.js')
const { FullSynchronizer } = part('client/dist/src/sync/fullsync.js')
const { Event } = part('client/dist/src/types.js')

const self = JSON.parse(process.env.HOCBA_NETWORK_NODE)
const LOOPBACK = '127.0.0.1'
const pause = (ms) => new Promise((done) => setTimeout(done, ms))

// `--unlock FILE` opens a prompt even for a file and takes `readline.default`, which is not there.
const readline = require('readline')
readline.default = readline

// An error that nobody caught ends the process; as released only after half a minute, in which it still answers.
process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(1)
})

// --- Connections ---------------------------------------------------------------------------------------------------
// Peers are found by UDP pings, and one that misses a ping is left alone for five minutes: a restarted node would not be
// called again. So nothing is searched for: each node has a known key, and a node calls those before it in the list, each
// second, as long as it has no connection with them. One side only calls, so that two calls do not cross.
// Ports are open to this machine alone; as released they are open to everybody.

Config.getClientKey = async () => hexToBytes('0x' + self.key)

DPT.prototype.bind = function () {
  queueMicrotask(() => this.events.emit('listening'))
}

const listen = RLPx.prototype.listen
RLPx.prototype.listen = function (port) {
  return listen.call(this, port, LOOPBACK)
}

RlpxServer.prototype.bootstrap = async function () {
  const call = () => {
    for (const { id, port } of self.dial) {
      if (this.rlpx._peers.has(id)) continue
      const peer = { id: hexToBytes('0x' + id), address: LOOPBACK, tcpPort: port }
      this.rlpx.connect(peer).catch(() => {}) // Not there yet, or not any more: called again.
    }
  }
  call()
  setInterval(call, 1000)
}

// After a minute alone it would tear down its server and listen anew, on a port that is not free yet.
PeerPool.prototype._statusCheck = async () => {}

// --- Blocks from others --------------------------------------------------------------------------------------------
// A new block goes to the square root of the number of peers, the others hear of its hash, and a node that counts itself
// as synchronised does nothing about a hash. A node that comes back never catches up. So: a block goes to every peer,
// a node says its head to whoever connects, and who lacks the blocks before one that it was told of asks for them.

const has = (chain, hash) => chain.getBlock(hash).then(() => true, () => false)
const LONGEST_GAP = 5000

/** The block and, before it, those of its ancestors that we lack; nothing if the peer does not have them. */
async function withAncestors(chain, block, peer) {
  const blocks = [block]
  while (!(await has(chain, blocks[0].header.parentHash))) {
    if (peer?.eth === undefined || blocks.length > LONGEST_GAP) return []
    const asked = { block: blocks[0].header.parentHash, max: 32, reverse: true }
    const [, headers] = (await peer.eth.getBlockHeaders(asked)) ?? [0, []]
    if (headers.length === 0) return []
    const [, bodies] = (await peer.eth.getBlockBodies({ hashes: headers.map((h) => h.hash()) })) ?? [0, []]
    if (bodies.length !== headers.length) return []
    for (const [i, header] of headers.entries()) {
      if (await has(chain, header.hash())) break
      blocks.unshift(Block.fromValuesArray([header.raw(), ...bodies[i]], { common: header.common }))
    }
  }
  return blocks
}

async function takeBlock(sync, block, peer) {
  const { chain, config, txPool } = sync
  if (await has(chain, block.hash())) return
  const blocks = await withAncestors(chain, block, peer)
  if (blocks.length === 0) return
  // Without a target, a node that does not seal never counts itself as synchronised and takes no transactions.
  config.syncTargetHeight = block.header.number
  // Stored before it is sent on: a sealer that is killed in between must not seal another block of this number.
  await chain.putBlocks(blocks)
  txPool.start()
  txPool.removeNewBlockTxs(blocks)
  for (const other of sync.pool.peers) if (other !== peer) tellHead(sync, other)
}

function tellHead(sync, peer) {
  const block = sync.chain.blocks.latest
  if (block && block.header.number > 0n) peer.eth?.send('NewBlock', [block, sync.chain.blocks.td])
}

// One after the other: two that arrive at once would both be put on the same head. Only the sealer hears of an error.
let line = Promise.resolve()
FullSynchronizer.prototype.handleNewBlock = function (block, peer) {
  const taken = line.then(() => takeBlock(this, block, peer))
  line = taken.catch((e) => this.config.logger.warn(`new block: ${e.stack}`))
  return peer === undefined ? taken : line
}

const openSynchronizer = FullSynchronizer.prototype.open
FullSynchronizer.prototype.open = async function () {
  await openSynchronizer.call(this)
  this.config.events.on(Event.POOL_PEER_ADDED, (peer) => tellHead(this, peer))
  // And again, known or not: a peer may have failed to get the blocks before it, and there may be no later one.
  setInterval(() => this.pool.peers.forEach((peer) => tellHead(this, peer)), 1000)
}

// The other way to synchronise, from the head that a peer had when it connected, is not needed and would put blocks
// beside the line above.
FullSynchronizer.prototype.best = async function () {
  return this.pool.peers.find((peer) => peer.eth?.status !== undefined)
}
FullSynchronizer.prototype.syncWithPeer = async () => false

// --- Sealing -------------------------------------------------------------------------------------------------------
// A sealer seals in its turn only. Clique lets others step in after a while, which makes two blocks of one number when
// nodes are slow, and after changing from one to the other this version computes on a mixed state ("account has nonce of
// 1, tx has nonce of 0") and never recovers. With two sealers nothing is lost by it: neither may seal twice in a row, so
// without one of them the chain stands still in any case.
// Whoever restarts has two timers for a moment, and one rings before the block's time: the block is refused, its
// transactions are forgotten and no timer is set any more. So the time is looked at, and each half second whose turn it is.
// The state of the block before may still be being computed; without it an exception ends the process. And execution
// that was asked for while it was busy is forgotten, until the next block, which would be this one.

const startMiner = Miner.prototype.start
Miner.prototype.start = function () {
  const started = startMiner.call(this)
  if (started) setInterval(() => this.assembleBlock(), 500)
  return started
}

/** Whether the next block is ours, and its time has come. */
function isDue(miner) {
  const { blocks, blockchain } = miner.service.chain
  const parent = blocks.latest.header
  const number = parent.number + 1n
  // Not by `cliqueSignerInTurn`, which answers for the head of the database, a moment ahead of `blocks.latest`.
  const sealers = blockchain.consensus.cliqueActiveSigners(number)
  const turn = sealers[Number(number % BigInt(sealers.length))]
  return turn.equals(miner.config.accounts[0][0]) && Date.now() >= Number(parent.timestamp) * 1000 + miner.period
}

const assemble = Miner.prototype.assembleBlock
Miner.prototype.assembleBlock = async function () {
  if (this.busy) return
  this.busy = true
  try {
    const { chain, synchronizer } = this.service
    const hasState = () => this.execution.vm.stateManager.hasStateRoot(chain.blocks.latest.header.stateRoot)
    for (let i = 0; i < 40 && isDue(this) && !(await hasState()); i++) {
      await synchronizer.runExecution()
      await pause(50)
    }
    // It takes the head before it waits for anything.
    if (isDue(this)) await assemble.call(this)
  } catch (e) {
    this.config.logger.warn(`assemble: ${e.stack}`)
    this.assembling = false
  } finally {
    this.busy = false
  }
}
