// A process of its own with one worker: what two of these reach side by side is what the machine has to give.
import { openBatches } from './pool.mjs';

const batches = openBatches(JSON.parse(process.argv[2]));
const core = await batches.core(1);
await batches.run(core); // warm
process.on('message', async () => process.send(await batches.run(core)));
process.on('disconnect', () => process.exit());
process.send('ready');
