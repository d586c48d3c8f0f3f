/** The draft of the project: texts in seven languages, style and length, checked by the core as they are typed. */
import { isPhotoError, languages, messageFor, type Language, type PhotoCore } from '@photomemory/photo-core';
import { byId, make } from './dom.js';
import { draftStore } from './kept.js';
import { language, languageNames, text } from './texts.js';

const styles = ['classic', 'modern', 'cinematic', 'vintage'] as const;

export class Project {
  readonly titles: Partial<Record<Language, string>> = {};
  readonly descriptions: Partial<Record<Language, string>> = {};
  #language: Language = language();
  /** Until somebody writes one, the project has a title in the language of the page: sending needs no typing. */
  #titled = false;
  /** Counts the checks: an answer that a later one has overtaken is not shown. */
  #turn = 0;
  /** A language with an issue that is not the one in sight. */
  #hidden: Language | null = null;

  constructor(readonly core: PhotoCore) {
    const choice = byId<HTMLSelectElement>('text-language');
    for (const tag of languages) choice.append(new Option(languageNames[tag], tag));
    choice.value = this.#language;
    choice.addEventListener('change', () => void this.#showTexts(choice.value as Language));
    const style = byId<HTMLSelectElement>('style');
    for (const name of styles) style.append(new Option(text(name), name));
    const duration = byId<HTMLInputElement>('duration');
    duration.min = String(core.limits.min_duration_minutes);
    duration.max = String(core.limits.max_duration_minutes);
    duration.value = '1';
    byId<HTMLInputElement>('title').addEventListener('input', (event) => {
      this.#titled = true;
      this.#keep(this.titles, event);
    });
    byId<HTMLTextAreaElement>('description').addEventListener('input', (event) => this.#keep(this.descriptions, event));
    byId('project').addEventListener('input', () => void this.check());
    byId('project').addEventListener('submit', (event) => event.preventDefault());
    this.#recall();
    byId('project').addEventListener('input', () => this.#remember());
    this.showLanguage();
    void this.check();
  }

  /** Sent: the next visit begins with a project of its own. */
  forget(): void {
    draftStore.drop();
  }

  #remember(): void {
    const { titles, descriptions } = this;
    const [style, duration] = [byId<HTMLSelectElement>('style').value, byId<HTMLInputElement>('duration').value];
    draftStore.keep(JSON.stringify({ titles: this.#titled ? titles : {}, descriptions, style, duration }));
  }

  /** What was written before the page was loaded again. */
  #recall(): void {
    try {
      const { titles, descriptions, style, duration } = JSON.parse(draftStore.kept() ?? '');
      Object.assign(this.titles, titles);
      Object.assign(this.descriptions, descriptions);
      this.#titled = Object.keys(titles).length > 0;
      byId<HTMLSelectElement>('style').value = style;
      byId<HTMLInputElement>('duration').value = duration;
    } catch {
      // Nothing was written, or not by this version of the page.
    }
  }

  /** In the language of the page: the styles' names, and the title while nobody has written one. */
  showLanguage(): void {
    for (const option of byId<HTMLSelectElement>('style').options) option.text = text(option.value as (typeof styles)[number]);
    if (!this.#titled) {
      delete this.titles[this.#language];
      this.#language = language();
      byId<HTMLSelectElement>('text-language').value = this.#language;
      this.titles[this.#language] = text('defaultTitle');
    }
    this.#show();
  }

  draft(): { [field: string]: unknown } {
    const duration = byId<HTMLInputElement>('duration').value;
    return {
      title_i18n: { ...this.titles },
      description_i18n: { ...this.descriptions },
      style: byId<HTMLSelectElement>('style').value,
      duration_minutes: /^-?\d+$/.test(duration) ? Number(duration) : duration,
    };
  }

  /** Asks the core; shows each problem at its field. @returns whether there was none */
  async check(): Promise<boolean> {
    const turn = ++this.#turn;
    const fields = ['title', 'description', 'duration'] as const;
    const found: Partial<Record<(typeof fields)[number], string>> = {};
    let hidden: Language | null = null;
    try {
      await this.core.projectPayload(this.draft());
    } catch (error) {
      if (!isPhotoError(error)) throw error;
      for (const issue of error.issues ?? []) {
        const field = fields.find((name) => issue.path.startsWith(`/${name}_`)) ?? 'duration';
        const words = await messageFor({ code: issue.code, limit: issue.limit, actual: issue.actual }, language());
        // A text of another language is not in sight: the issue says which it is.
        const tag = languages.find((one) => issue.path === `/${field}_i18n/${one}`);
        const elsewhere = tag !== undefined && tag !== this.#language;
        found[field] ??= elsewhere ? `${languageNames[tag]}: ${words}` : words;
        if (elsewhere) hidden ??= tag;
      }
    }
    // What was typed since then has been checked too, and its verdict stands.
    if (turn !== this.#turn) return Object.keys(found).length === 0;
    this.#hidden = hidden;
    for (const field of fields) {
      const line = byId(`${field}-issue`);
      line.textContent = found[field] ?? '';
      line.hidden = !found[field];
      byId(field).setAttribute('aria-invalid', String(Boolean(found[field])));
    }
    return Object.keys(found).length === 0;
  }

  /** To the first field with an issue, in its language. */
  async focusIssue(): Promise<void> {
    if (this.#hidden) await this.#showTexts(this.#hidden);
    document.querySelector<HTMLElement>('#project [aria-invalid=true]')?.focus();
  }

  async #showTexts(tag: Language): Promise<void> {
    this.#language = tag;
    byId<HTMLSelectElement>('text-language').value = tag;
    this.#show();
    await this.check();
  }

  #keep(texts: Partial<Record<Language, string>>, event: Event): void {
    const value = (event.target as HTMLInputElement).value;
    if (value === '') delete texts[this.#language];
    else texts[this.#language] = value;
    this.#showFilled();
  }

  #show(): void {
    byId<HTMLInputElement>('title').value = this.titles[this.#language] ?? '';
    byId<HTMLTextAreaElement>('description').value = this.descriptions[this.#language] ?? '';
    this.#showFilled();
  }

  #showFilled(): void {
    const filled = languages.filter((tag) => this.titles[tag] ?? this.descriptions[tag]);
    byId('filled').replaceChildren(make('span', '', filled.length ? text('languagesFilled', { list: filled.join(', ') }) : ''));
  }
}
