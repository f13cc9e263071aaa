// Holds the findings of Slither against the answers in triage.json.
//   node triage.mjs FINDINGS             fails unless each finding has an answer and each answer a finding
//   node triage.mjs FINDINGS --missing   prints the findings without an answer as entries for triage.json
// A finding is known by its text without places, so it moves with the code, and is asked about again once it says more.
import { existsSync, readFileSync } from 'node:fs'

const [path, option] = process.argv.slice(2)
if (!existsSync(path)) throw new Error(`${path} is missing: Slither wrote nothing`)
const report = JSON.parse(readFileSync(path, 'utf8'))
if (!report.success) throw new Error(`Slither failed: ${report.error}`)

const found = (report.results.detectors ?? []).map((d) => {
  const [what, ...details] = d.description
    .replace(/ \([^()]*#[\d-]+\)/g, '')
    .split('\n')
    .map((line) => line.replace(/^[\s-]+/, '').trim())
    .filter((line) => line !== '' && line !== 'Dangerous comparisons:')
  return { check: d.check, finding: [what, ...details.sort()] }
})
const answers = JSON.parse(readFileSync(new URL('triage.json', import.meta.url), 'utf8'))

const id = ({ check, finding }) => JSON.stringify([check, finding])
const lacking = (list, others) => {
  const ids = new Set(others.map(id))
  return list.filter((one) => !ids.has(id(one)))
}
const open = lacking(found, answers)
const stale = lacking(answers, found)
const unexplained = answers.filter((a) => !a.why)

if (option === '--missing') {
  console.log(JSON.stringify(open.map((one) => ({ ...one, why: '' })), null, 2))
} else {
  for (const one of open) console.error(`finding without an answer, ${one.check}:\n  ${one.finding.join('\n  ')}`)
  for (const one of stale) console.error(`answer without a finding, ${one.check}:\n  ${one.finding.join('\n  ')}`)
  for (const one of unexplained) console.error(`answer without a reason, ${one.check}:\n  ${one.finding.join('\n  ')}`)
  if (open.length || stale.length || unexplained.length) process.exit(1)
  console.log(`${found.length} findings of Slither, all answered in analyse/triage.json`)
}
