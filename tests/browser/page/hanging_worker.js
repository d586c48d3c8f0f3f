import './hanging_decoder.js';
import '/photo-core/worker.js';
