/**
 * What a person of the soak asks for, one thing at a time, and what must be there afterwards. A chore has the state before and
 * the state after; whoever is killed in it leaves one of the two.
 */

const rates = [
  ['send', 42], ['append', 16], ['replace', 8], ['remove', 6], ['reorder', 6], ['media', 6], ['removeMedia', 2], ['avatar', 4], ['discard', 4], ['large', 6],
];

/** What is expected of one person. */
export class Expected {
  /** Project → ids of its photos in order. */
  projects = new Map();
  media = [];
  /** Path of the picture in the profile, without its extension; null for none. */
  avatar = null;

  constructor(owner) {
    this.owner = owner;
  }
}

/** @param {{ next(): number, pick(list: any[]): any, between(low: number, high: number): number }} random */
export function nextChore(random, expected, number) {
  const mark = `batch-${number}`;
  const filled = [...expected.projects].filter(([, ids]) => ids.length > 0);
  const roomy = filled.filter(([, ids]) => ids.length <= 14);
  const possible = { append: roomy.length, replace: filled.length, remove: filled.length, reorder: filled.length, removeMedia: expected.media.length };
  let roll = random.next() * 100;
  let kind = 'send';
  for (const [name, share] of rates) {
    if (roll < share) {
      kind = possible[name] === 0 ? 'send' : name;
      break;
    }
    roll -= share;
  }
  const [projectId, ids] = random.pick(kind === 'append' ? roomy : filled.length ? filled : [[null, []]]);
  const chore = {
    kind,
    mark,
    count: random.between(1, kind === 'append' ? 4 : 6),
    bytes: random.pick([300, 3_000, 70_000]),
    thumbnail: random.next() < 0.8,
    projectId: ['send', 'large', 'discard'].includes(kind) ? uuid(random) : projectId,
  };
  const place = ids.length ? random.between(0, ids.length - 1) : 0;
  if (kind === 'replace' || kind === 'remove') chore.photoId = ids[place];
  if (kind === 'reorder') chore.order = shuffled(random, ids);
  if (kind === 'removeMedia') chore.photoId = random.pick(expected.media);
  if (kind === 'large') Object.assign(chore, { count: 1, bytes: 6 * 1024 * 1024 + random.between(1, 400_000) });
  if (kind === 'discard') chore.cancelAfter = random.between(1, chore.count * 2 + 2);
  if (kind === 'media') chore.count = 1;
  return chore;
}

/** The part of the expected state that a chore touches, before and after. @param ids made by the sender for this chore */
export function statesOf(chore, expected, ids) {
  const held = expected.projects.get(chore.projectId) ?? [];
  const project = (after) => ({ part: 'projects', key: chore.projectId, before: held, after });
  switch (chore.kind) {
    case 'replace':
      return project(held.map((id) => (id === chore.photoId ? ids[0] : id)));
    case 'remove':
      return project(held.filter((id) => id !== chore.photoId));
    case 'reorder':
      return project(chore.order);
    case 'media':
      return { part: 'media', before: expected.media, after: [...expected.media, ...ids] };
    case 'removeMedia':
      return { part: 'media', before: expected.media, after: expected.media.filter((id) => id !== chore.photoId) };
    case 'avatar':
      return { part: 'avatar', before: expected.avatar, after: `${expected.owner}/${ids[0]}` };
    default:
      return project([...held, ...ids]);
  }
}

/** What the backend holds of that part now. */
export async function heldNow(backend, { part, key }, owner) {
  const ids = async (sql, value) => (await backend.query(sql, [value])).rows.map((row) => row.id);
  if (part === 'projects') return ids('select id from public.photos where project_id = $1 order by upload_order', key);
  if (part === 'media') return (await ids('select id from public.media_items where user_id = $1', owner)).sort();
  const { rows } = await backend.query('select avatar_url from public.users where id = $1', [owner]);
  return rows[0].avatar_url?.replace(/\.\w+$/, '') ?? null;
}

const asText = (part, state) => (part === 'media' ? [...state].sort() : [state].flat()).join();

/** Sets what is expected from now on. @returns whether that is one of the two states; the one after, if it was promised */
export async function settle(backend, expected, states, promised) {
  const { part, key, before, after } = states;
  let chosen = after;
  if (!promised) {
    const now = asText(part, await heldNow(backend, states, expected.owner));
    if (now !== asText(part, after)) chosen = before;
  }
  if (part === 'projects') expected.projects.set(key, chosen);
  else expected[part] = chosen;
}

function uuid(random) {
  const hex = Array.from({ length: 32 }, () => random.between(0, 15).toString(16));
  hex[12] = '7';
  hex[16] = '8';
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function shuffled(random, list) {
  const left = [...list];
  return list.map(() => left.splice(random.between(0, left.length - 1), 1)[0]);
}
