// Derives the committed artifacts from src/: ABI, creation and runtime bytecode, what identifies them, and the test vectors.
//   node build.mjs           writes them
//   node build.mjs --check   fails if they differ from the sources, or from what forge built into out/
// The settings are those of foundry.toml; the check against forge's output notices when the two drift apart.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vectors } from './vectors.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const solc = createRequire(import.meta.url)('solc')
const EVM = 'paris'
const RUNS = 200
const REMAPPINGS = ['@openzeppelin/=node_modules/@openzeppelin/']
const MAIN = 'src/HocbaAnchor.sol'

const read = (path) => readFileSync(join(here, path), 'utf8')
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: 'Solidity',
      sources: { [MAIN]: { content: read(MAIN) } },
      settings: {
        remappings: REMAPPINGS,
        evmVersion: EVM,
        optimizer: { enabled: true, runs: RUNS },
        metadata: { bytecodeHash: 'none', appendCBOR: false },
        outputSelection: { [MAIN]: { HocbaAnchor: ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
      },
    }),
    { import: (path) => ({ contents: read(path) }) },
  ),
)
if (output.errors?.length) {
  console.error(output.errors.map((e) => e.formattedMessage).join('\n'))
  process.exit(1)
}

const { abi, evm } = output.contracts[MAIN].HocbaAnchor
const creation = evm.bytecode.object
const runtime = evm.deployedBytecode.object
const about = {
  openzeppelin: JSON.parse(read('node_modules/@openzeppelin/contracts/package.json')).version,
  solc: solc.version().replace('.Emscripten.clang', ''),
  evm: EVM,
  optimizerRuns: RUNS,
  runtimeSha256: createHash('sha256').update(Buffer.from(runtime, 'hex')).digest('hex'),
}
const derived = {
  'abi/HocbaAnchor.json': JSON.stringify(abi, null, 2),
  'bytecode/HocbaAnchor.bin': creation,
  'bytecode/HocbaAnchor.runtime.bin': runtime,
  'bytecode/HocbaAnchor.json': JSON.stringify(about, null, 2),
  'test/vectors.json': JSON.stringify(vectors, null, 2),
}

if (process.argv.includes('--check')) {
  const committed = (path) => {
    try {
      return read(path)
    } catch {
      return undefined
    }
  }
  const stale = Object.keys(derived).filter((path) => committed(path) !== derived[path] + '\n')
  if (stale.length) console.error(`not as the sources say, run \`npm run update\`: ${stale.join(', ')}`)

  const forge = JSON.parse(read('out/HocbaAnchor.sol/HocbaAnchor.json'))
  const same = forge.bytecode.object === '0x' + creation && forge.deployedBytecode.object === '0x' + runtime
  if (!same) console.error('forge built other bytecode: foundry.toml and build.mjs have different settings')

  if (stale.length || !same) process.exit(1)
  console.log(`derived files match the sources and forge's build, runtime sha256 ${about.runtimeSha256}`)
} else {
  for (const [path, text] of Object.entries(derived)) {
    mkdirSync(dirname(join(here, path)), { recursive: true })
    writeFileSync(join(here, path), text + '\n')
  }
  console.log(`wrote ${Object.keys(derived).join(', ')}`)
}
