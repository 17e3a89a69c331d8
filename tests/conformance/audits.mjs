// The GraphQL-over-HTTP audits of the npm package graphql-http, turned on a running server.
//
//   node audits.mjs http://127.0.0.1:8000/graphql [authorization]
//
// Prints every audit that is not ok and the count; the exit status is 0 only when all are.
import { serverAudits } from 'graphql-http';

const PARALLEL = 8;
const [url, authorization] = process.argv.slice(2);
if (!url) {
  console.error('usage: node audits.mjs URL [AUTHORIZATION]');
  process.exit(2);
}

function fetchFn(address, init) {
  return fetch(address, authorization ? { ...init, headers: { ...init?.headers, authorization } } : init);
}

async function run(audit) {
  try {
    return await audit.fn();
  } catch (error) {
    // An audit throws when there was no answer at all.
    return { id: audit.id, name: audit.name, status: 'error', reason: error.cause?.message ?? error.message };
  }
}

const waiting = serverAudits({ url, fetchFn });
const results = [];
const lane = async () => {
  for (let audit = waiting.shift(); audit; audit = waiting.shift()) results.push(await run(audit));
};
await Promise.all(Array.from({ length: PARALLEL }, lane));

const failed = results.filter(({ status }) => status !== 'ok').sort((a, b) => a.id.localeCompare(b.id));
for (const { id, name, status, reason, response } of failed) {
  const body = response && !response.bodyUsed ? (await response.text()).slice(0, 200) : '';
  console.log(`${status} ${id} ${name}\n  ${reason ?? ''}${response ? `\n  ${response.status} ${response.headers.get('content-type')} ${body}` : ''}`);
}
console.log(`${results.length - failed.length} of ${results.length} audits ok (${authorization ? 'signed in' : 'anonymous'}, ${url})`);
process.exit(failed.length ? 1 : 0);
