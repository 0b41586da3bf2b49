// Places an order once, whatever breaks meanwhile, and prints it: node order.mjs URL ORDER [TRIES]
// Exit status 1: it was refused, and the reason is printed. 2: it is not known whether it was placed.
import { randomUUID } from 'node:crypto';

const [url, order, tries = 10] = process.argv.slice(2);
const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() };

async function attempt() {
    try {
        const answer = await fetch(`${url}/orders`, { method: 'POST', headers, body: order, signal: AbortSignal.timeout(60000) });
        return { status: answer.status, after: answer.headers.get('Retry-After'), body: await answer.text() };
    } catch (error) {
        return { status: `${error.message}: ${error.cause?.code}` };
    }
}

const isOver = ({ status, body }) => status < 500 && status !== 429 && !body.includes('idempotency-key-in-flight');
let last;
for (let made = 1; made <= tries; made++) {
    last = await attempt();
    if (isOver(last) || made === Number(tries)) break;
    // As long as the service asks for, else longer each time; and up to a second more, so that callers spread.
    const seconds = Number(last.after ?? Math.min(2 ** (made - 1), 16)) + Math.random();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
if (last.status === 201) console.log(last.body);
else if (isOver(last)) console.error(last.body);
else console.error(`no answer after ${tries} tries, the last: ${last.status}; the key is ${headers['Idempotency-Key']}`);
process.exitCode = last.status === 201 ? 0 : isOver(last) ? 1 : 2;
