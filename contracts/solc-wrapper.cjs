#!/usr/bin/env node
// Lets forge drive the wasm compiler of the npm package, so no native compiler has to be downloaded.
// Only what forge calls is answered: `--version`, and `--standard-json` with the input on stdin.
const fs = require('node:fs')
const solc = require('solc')

const argv = process.argv.slice(2)
if (argv.includes('--version')) {
  // forge parses the banner of the native compiler.
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace('Emscripten.clang', 'Linux.g++')}`)
} else if (argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8')))
} else {
  console.error(`unsupported: ${argv.join(' ')}`)
  process.exit(2)
}
