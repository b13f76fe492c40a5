// A node:http server that parses the body and answers given bytes: the limit of what a server on node:http can be.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { announce } from './common.mjs';

const answer = readFileSync(process.env.BENCH_ANSWER);

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => announce(server.address().port));
