// Runs autocannon with the options in the file given, and prints its result as JSON.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const result = await autocannon(JSON.parse(readFileSync(process.argv[2], 'utf8')));
console.log(JSON.stringify(result));
