/** The demo: photos are picked, made ready by the package, and sent to a Supabase backend. */
import { accept, createPhotoCore, messageFor, type Language } from '@photomemory/photo-core';
import { Account, readConfig } from './account.js';
import { byId, make, notice, showNotice } from './dom.js';
import { keepValue, keptValue } from './kept.js';
import { Photos } from './photos.js';
import { Project } from './project.js';
import { sentenceOf } from './said.js';
import { openOutbox, Sending } from './sending.js';
import { applyTexts, bytesText, language, languageNames, setLanguage, text } from './texts.js';

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
  choice.value = keptValue('photo-core-theme') ?? '';
  choice.addEventListener('change', () => {
    keepValue('photo-core-theme', choice.value);
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
  choice.addEventListener('change', () => setLanguage(choice.value as Language));
  byId<HTMLInputElement>('files').accept = accept;
  // The place of the words that name the limits, which the core knows: nothing below them moves when it is there.
  byId('limits-hint').textContent = text('limitsHint', { count: '00', size: bytesText(99 * 1024 ** 2) });
  byId('limits-hint').style.visibility = 'hidden';

  const core = await createPhotoCore();
  // The sentences are there when the network is not.
  const fetchSentences = (): unknown => messageFor('network', language());
  fetchSentences();
  const photos = new Photos(core);
  byId('limits-hint').style.visibility = '';
  void photos.add(early());
  const project = new Project(core);
  const account = new Account(await readConfig());
  const { outbox, lasting } = await openOutbox();
  photos.outboxLasts = lasting;
  const sending = new Sending(photos, project, account, outbox);
  choice.addEventListener('change', () => {
    fetchSentences();
    showNotice();
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

start().catch((error: unknown) => {
  // A page that did not start takes no photos: it says why, and how to go on.
  byId<HTMLInputElement>('files').disabled = true;
  const reload = make('button');
  reload.type = 'button';
  reload.addEventListener('click', () => location.reload());
  const tell = async (): Promise<void> => {
    const words = await sentenceOf(error);
    reload.textContent = text('again');
    notice(() => `${words} `);
    byId('notice').append(reload);
  };
  byId('language').addEventListener('change', () => void tell());
  void tell();
});
