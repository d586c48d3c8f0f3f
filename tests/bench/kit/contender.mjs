// The bench's end of a contender's process.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('./child.mjs', import.meta.url));

/** Starts a contender; `name` is its file in contenders/. A rival that fails is started anew and asked again, once. */
export async function startContender(name, { env = {}, label = name } = {}) {
  let process_;
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
  const start = () => {
    process_ = fork(child, [name], { serialization: 'advanced', env: { ...process.env, ...env } });
    return answer();
  };
  const ask = (request) => {
    const result = answer();
    process_.send(request);
    return result;
  };
  const { version, upright } = await start();
  return {
    name: label,
    version,
    upright,
    async run(request) {
      try {
        return await ask(request);
      } catch (error) {
        if (name === 'ours') throw error;
        console.error(`${error.message.split('\n')[0]}: started anew`);
      }
      process_.kill();
      await start();
      await ask(request); // to warm up
      return ask(request);
    },
    close: () => process_.disconnect(),
  };
}
