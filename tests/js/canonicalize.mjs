// JSON texts in, their RFC 8785 forms by npm `canonicalize` out: the second opinion on crates/record/src/canonical.rs.
import canonicalize from 'canonicalize'
import { text } from 'node:stream/consumers'

const spelled = JSON.parse(await text(process.stdin))
process.stdout.write(JSON.stringify(spelled.map((one) => canonicalize(JSON.parse(one)))))
