import { withCanvas } from './task.js';

onmessage = async ({ data }) => postMessage(await withCanvas(data));
