/** The demo: photos are picked, made ready by the package, and sent to a Supabase backend. */
import { accept, createPhotoCore, isPhotoError, messageFor, type Language } from '@photomemory/photo-core';
import { Account, readConfig } from './account.js';
import { byId } from './dom.js';
import { Photos } from './photos.js';
import { Project } from './project.js';
import { Sending } from './sending.js';
import { applyTexts, language, languageNames, setLanguage } from './texts.js';

/** What is picked while the page still starts is not lost. @returns what was picked until then */
function pickedEarly(): () => File[] {
  const input = byId<HTMLInputElement>('files');
  const files: File[] = [];
  const take = (): void => {
    files.push(...(input.files ?? []));
    input.value = '';
  };
  take();
  input.addEventListener('change', take);
  return () => {
    input.removeEventListener('change', take);
    return files;
  };
}

function chooseTheme(): void {
  const choice = byId<HTMLSelectElement>('theme');
  const apply = (): void => {
    if (choice.value) document.documentElement.dataset['theme'] = choice.value;
    else delete document.documentElement.dataset['theme'];
  };
  choice.value = localStorage.getItem('photo-core-theme') ?? '';
  choice.addEventListener('change', () => {
    localStorage.setItem('photo-core-theme', choice.value);
    apply();
  });
  apply();
}

async function start(): Promise<void> {
  const early = pickedEarly();
  applyTexts();
  chooseTheme();
  const choice = byId<HTMLSelectElement>('language');
  for (const [tag, name] of Object.entries(languageNames)) choice.append(new Option(name, tag));
  choice.value = language();
  byId<HTMLInputElement>('files').accept = accept;

  const core = await createPhotoCore();
  void messageFor('network', language());   // the sentences are there when the network is not
  const photos = new Photos(core);
  void photos.add(early());
  const project = new Project(core);
  const account = new Account(await readConfig());
  const sending = new Sending(photos, project, account);
  choice.addEventListener('change', () => {
    setLanguage(choice.value as Language);
    account.show();
    photos.changed();
    project.showLanguage();
    sending.showLanguage();
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
