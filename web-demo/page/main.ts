/** The demo: photos are picked, made ready by the package, and sent to a Supabase backend. */
import { accept, createPhotoCore, isPhotoError, messageFor, type Language } from '@photomemory/photo-core';
import { Account, readConfig } from './account.js';
import { byId } from './dom.js';
import { Photos } from './photos.js';
import { Project } from './project.js';
import { Sending } from './sending.js';
import { applyTexts, language, languageNames, setLanguage } from './texts.js';

async function start(): Promise<void> {
  applyTexts();
  const choice = byId<HTMLSelectElement>('language');
  for (const [tag, name] of Object.entries(languageNames)) choice.append(new Option(name, tag));
  choice.value = language();
  byId<HTMLInputElement>('files').accept = accept;

  const core = await createPhotoCore();
  const photos = new Photos(core);
  const project = new Project(core);
  const account = new Account(await readConfig());
  const sending = new Sending(photos, project, account);
  choice.addEventListener('change', () => {
    setLanguage(choice.value as Language);
    account.show();
    photos.changed();
    void project.check();
  });
  // For tests and the curious.
  Object.assign(globalThis, { demo: { core, photos, project, account, sending } });
  await account.start();
  document.documentElement.dataset['ready'] = 'yes';
  await sending.start();
}

start().catch(async (error: unknown) => {
  const notice = byId('notice');
  notice.hidden = false;
  notice.textContent = isPhotoError(error) ? await messageFor(error, language()) : String(error);
});
