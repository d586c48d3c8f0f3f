// Writes the C++, TypeScript and SQL sides of limits.json, errors.json and time_zones.json.
//   node schema/contract/generate.mjs          writes the files
//   node schema/contract/generate.mjs --check  writes nothing; exit 1 and a list when a committed file differs
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cppFiles } from './generate_cpp.mjs';
import { sqlFiles } from './generate_sql.mjs';
import { typescriptFiles } from './generate_typescript.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const read = (name) => JSON.parse(readFileSync(join(here, name), 'utf8'));

const contract = { ...read('limits.json'), errors: read('errors.json'), timeZones: read('time_zones.json').time_zones };
const problems = findProblems(contract);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}

const files = { ...cppFiles(contract), ...typescriptFiles(contract), ...sqlFiles(contract) };
const drifted = [];
for (const [path, text] of Object.entries(files)) {
  let committed = null;
  try {
    committed = readFileSync(join(root, path), 'utf8');
  } catch {
    // A file that is missing has drifted too.
  }
  if (committed === text) continue;
  drifted.push(path);
  if (process.argv.includes('--check')) continue;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
if (process.argv.includes('--check') && drifted.length > 0) {
  console.error(`These files differ from schema/contract (run node schema/contract/generate.mjs):\n${drifted.join('\n')}`);
  process.exit(1);
}
console.log(`${Object.keys(files).length} files, ${drifted.length} ${process.argv.includes('--check') ? 'differ' : 'written'}`);

// What a slip of the pen in the JSON would break: missing sentences, unknown codes, names of limits that do not exist.
function findProblems({ limits, values, payloads, errors, timeZones }) {
  const found = [];
  const codes = errors.codes;
  for (const [name, code] of Object.entries(codes)) {
    for (const language of errors.languages) if (!code.sentences[language]) found.push(`${name}: no sentence in ${language}`);
    const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().join();
    for (const [language, text] of Object.entries(code.sentences)) {
      if (holes(text) !== holes(code.sentences.en)) found.push(`${name}: other placeholders in ${language} than in en`);
    }
    if (!['input', 'limit', 'caller', 'resource', 'remote'].includes(code.kind)) found.push(`${name}: kind ${code.kind}`);
  }
  for (const [name, limit] of Object.entries(limits)) {
    if (limit.error && !codes[limit.error]) found.push(`limit ${name}: unknown code ${limit.error}`);
  }
  const known = (table, key, code) => codes[code] || found.push(`${table} ${key}: unknown code ${code}`);
  for (const [key, entry] of Object.entries(errors.constraints)) {
    known('constraint', key, entry.code);
    if (entry.issue) known('constraint', key, entry.issue);
  }
  for (const table of ['sqlstates', 'storage']) {
    for (const [key, code] of Object.entries(errors[table])) known(table, key, code);
  }
  for (const [kind, payload] of Object.entries(payloads)) {
    for (const [name, column] of Object.entries(payload.columns)) {
      for (const key of ['min', 'max', 'max_characters']) {
        if (typeof column[key] === 'string' && !limits[column[key]]) found.push(`${kind}.${name}: no limit ${column[key]}`);
      }
      if (column.values && !values[column.values]) found.push(`${kind}.${name}: no values ${column.values}`);
    }
  }
  if (errors.languages.join() !== values.languages.join()) found.push('the languages of errors.json and limits.json differ');
  if (timeZones.join() !== [...new Set(timeZones)].sort().join()) found.push('time zones are not sorted or not unique');
  return found;
}
