// The bench's end of a contender's process.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('./child.mjs', import.meta.url));

/** Starts a contender; `name` is its file in contenders/. */
export async function startContender(name, { env = {}, label = name } = {}) {
  const process_ = fork(child, [name], { serialization: 'advanced', env: { ...process.env, ...env } });
  const answer = () =>
    new Promise((resolve, reject) => {
      const ended = (code, signal) => reject(new Error(`${label} ended (${signal ?? code})`));
      process_.once('exit', ended);
      process_.once('message', (message) => {
        process_.off('exit', ended);
        if (message.ok) resolve(message);
        else reject(new Error(`${label}: ${message.error}`));
      });
    });
  const { version, upright } = await answer();
  return {
    name: label,
    version,
    upright,
    run(request) {
      const result = answer();
      process_.send(request);
      return result;
    },
    close: () => process_.disconnect(),
  };
}
