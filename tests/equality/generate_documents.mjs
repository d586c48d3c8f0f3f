// Generated documents around every boundary of the payloads, as JSON text: the same seed gives the same documents.
import { readFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(`../../schema/contract/${name}.json`, import.meta.url), 'utf8'));
const { limits, values, payloads, blank_characters: blankCodes } = read('limits');
const { time_zones: timeZones } = read('time_zones');
export const tables = Object.keys(payloads);

/** Whole numbers below `n`, picks and chances, from one seed (mulberry32). */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return { below, pick: (list) => list[below(list.length)], chance: (share) => next() < share };
}

const characters = {
  ascii: ['a', 'Z', '0', '_', '.', '-', '/', '~', '%', "'", '"', '\\', ' '],
  wide: ['é', 'ß', 'я', 'א', '中', '한', '글', '\u0301', '\u200d', '\u00a0', '\u3000', '\ufffd', '\uffff', '\u2028'],
  astral: ['😀', '👩‍🚀', '𝒳', '🇰🇷', '\u{10ffff}', '\u{20000}', 'e\u0301'],
};
const blanks = blankCodes.map((code) => String.fromCodePoint(parseInt(code, 16)));
const almostBlanks = ['\u0008', '\u000e', '\u001f', '\u007f', '\u0084', '\u0086', '\u00ae', '\u1681', '\u200a.', '\u2010', '\u202f!', '\u2065', '\u2801', '\u3001'];

/** Makes documents for one caller: `{ table, document }` for each call. */
export function createGenerator(seed, { userId, projectId }) {
  const random = createRandom(seed);
  const { below, pick, chance } = random;
  const hex = (count) => Array.from({ length: count }, () => '0123456789abcdef'[below(16)]).join('');
  const newId = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;

  // A JSON string: mostly as it is, sometimes with escapes in place of characters.
  function quoted(text) {
    if (chance(0.8)) return JSON.stringify(text);
    let out = '"';
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i).toString(16).padStart(4, '0');
      const surrogate = (text.charCodeAt(i) & 0xf800) === 0xd800;
      out += surrogate || chance(0.5) ? `\\u${chance(0.5) ? unit : unit.toUpperCase()}` : JSON.stringify(text[i]).slice(1, -1);
    }
    return `${out}"`;
  }

  // Exactly `count` code points.
  function textOf(count) {
    const pool = pick([characters.ascii, characters.wide, characters.astral, [pick(characters.ascii)], [pick(characters.astral)]]);
    let points = [];
    while (points.length < count) points = points.concat([...pick(pool)]);
    return points.slice(0, count).join('');
  }

  const around = (limit) => Math.max(0, limit + pick([-2, -1, -1, 0, 0, 0, 1, 1, 2, 7]));
  const oddTexts = ['"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00"', '"a\\ud83db"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83d\\ude00"', '"\\uFFFF"', '""', '"\\u00"', '"\\q"'];
  const oddNumbers = ['0', '-0', '3', '3.0', '1e2', '1E0', '0.5', '-1', '2147483647', '2147483648', '-2147483648', '-2147483649', '9223372036854775807',
    '9223372036854775808', '-9223372036854775809', '1e400', '1e-400', '12345678901234567890123456', '1e131071', '1e131072', '1e-16383', '1e-16384', '01', '.5', '1.', '+1'];
  const oddTypes = ['null', 'true', 'false', '3', '"3"', '[]', '{}', '[1]', '{"a":1}', '"null"'];

  function varchar(limit) {
    const length = around(limit);
    switch (below(8)) {
      case 0: return textOf(length) + ' '.repeat(below(5));
      case 1: return textOf(Math.min(length, limit)) + ' '.repeat(limit);
      case 2: return textOf(limit) + pick(['\u00a0', '\u3000', '\t', '\u200b', ' a', '  ']);
      case 3: return ' '.repeat(around(limit)) + pick(['', 'a', '']);
      case 4: return Array.from({ length: 1 + below(5) }, () => pick(blanks)).join('');
      case 5: return pick(blanks) + pick(almostBlanks) + pick(blanks);
      default: return textOf(chance(0.5) ? length : 1 + below(20));
    }
  }

  function uuidSpelling(id) {
    const bare = id.replaceAll('-', '');
    const grouped = () => bare.replace(/.{4}(?!$)/g, (four) => four + (chance(0.5) ? '-' : ''));
    return pick([id, id.toUpperCase(), `{${id}}`, bare, `{${bare}}`, grouped(), `{${grouped()}}`, id.slice(1), `${id}0`, ` ${id}`, `${id} `, `{${id}`, `${id}}`,
      id.replace('-', '--'), id.replace(/^(..)/, '$1-'), `${bare}-`, id.replace(/.$/, 'g'), `urn:uuid:${id}`, '', '{}', id.replaceAll('-', '_')]);
  }

  function fileName() {
    return pick(['a.jpg', `${newId()}.webp`, `${newId()}.thumb.webp`, '-', '_a', 'a..b', `${'a'.repeat(around(199))}`, 'a'.repeat(200), 'a'.repeat(201), '.a', '..', '', 'a b.jpg',
      'a%20.jpg', 'a#.jpg', 'é.jpg', 'a/b.jpg', 'a.jpg/', 'a~', 'a[1]', 'a\\b', 'a?b', '한.jpg', 'a.jpg\\n']);
  }

  function path(table) {
    const folders = table === 'photo' ? [userId, projectId] : [userId];
    const mutated = folders.map((folder) => (chance(0.1) ? pick([folder.toUpperCase(), newId(), `{${folder}}`, folder.replaceAll('-', ''), '', '..', folder.slice(1)]) : folder));
    if (chance(0.05)) mutated.push(pick(folders));
    if (chance(0.05)) mutated.shift();
    return (chance(0.03) ? '/' : '') + [...mutated, chance(0.5) ? 'a.jpg' : fileName()].join('/');
  }

  function address() {
    return pick(['https://example.org/a.png', 'https://a', 'https://', 'https:///a', 'http://example.org', 'HTTPS://example.org', 'https://ex ample', 'https://é.org', 'https://a/é',
      'https://-a', 'https://[::1]/', 'https://a?b#c', 'https://a\\u0000', 'ftp://a', 'data:image/png,', `https://a${'b'.repeat(around(limits.max_avatar_url_characters.value) - 9)}`,
      'https://a\u007f', 'https://a!~', ' https://a', 'javascript:alert(1)']);
  }

  // JSON of any shape; `levels` is how deep it may still go.
  function anyJson(levels) {
    const kind = below(levels > 0 ? 9 : 6);
    if (kind === 0) return pick(oddTypes);
    if (kind === 1) return pick(oddNumbers.slice(0, -4));
    if (kind === 2) return chance(0.05) ? pick(oddTexts) : quoted(textOf(below(12)));
    if (kind === 3) return `${below(2) ? '-' : ''}${below(1000)}.${hex(3).replace(/[a-f]/g, '7')}e${pick(['', '+', '-'])}${below(30)}`;
    if (kind === 4) return pick(['true', 'null', '0', '-0.0', '1E+2', '"\\/"', '1.00']);
    if (kind === 5) return String(below(100000));
    if (kind === 6) return `[${Array.from({ length: below(4) }, () => anyJson(levels - 1)).join(pick([',', ', ', ' ,']))}]`;
    return objectOf(levels - 1);
  }

  function objectOf(levels) {
    const names = ['a', 'b', 'a', '', 'key', 'é', '😀', 'a/b', '~', 'sha256', 'A'];
    return `{${Array.from({ length: below(4) }, () => `${chance(0.02) ? pick(['"\\u0000"', '"\\ud800"', '"a\\u0061"']) : quoted(pick(names))}:${anyJson(levels)}`).join(',')}}`;
  }

  function metadata() {
    const deepest = limits.max_metadata_level.value;
    switch (below(chance(0.02) ? 7 : 5)) {
      case 0: {
        const levels = around(deepest) - 1;
        const inner = pick(['1', '[]', '{}', '"x"', '[1]']);
        return chance(0.5) ? `{"a":${'['.repeat(levels)}${inner}${']'.repeat(levels)}}` : `{"a":${'{"b":'.repeat(levels)}${inner}${'}'.repeat(levels)}}`;
      }
      case 1: return `{"a":${'['.repeat(deepest + 5)}${']'.repeat(deepest + 5)},"a":${anyJson(2)}}`;
      case 5: return `{"n":${pick(['', '-'])}1${'0'.repeat(131071 + below(2))}}`;
      case 6: return `{"n":0.${'1'.repeat(16383 + below(2))}}`;
      default: return objectOf(4);
    }
  }

  function i18n(limit) {
    const languages = ['en', 'ko', 'ja', 'zh', 'es', 'fr', 'de'];
    const members = Array.from({ length: below(4) }, () => {
      const language = chance(0.9) ? pick(languages) : pick(['EN', 'en-US', 'xx', '', 'e', 'en ', 'it', 'k\\u006f']);
      const value = chance(0.06) ? pick(chance(0.5) ? oddTypes : oddTexts) : quoted(textOf(chance(0.5) ? around(limit) : below(30)));
      return `"${language}":${value}`;
    });
    return `{${members.join(',')}}`;
  }

  function integer(column, type) {
    const ends = ['min', 'max'].map((end) => (typeof column[end] === 'string' ? limits[column[end]].value : column[end])).filter((value) => value !== undefined);
    if (ends.length > 0 && chance(0.7)) return String(pick(ends) + pick([-1, 0, 0, 1]));
    if (chance(0.5)) return String(1 + below(type === 'int8' ? 10000000 : 30));
    return pick(oddNumbers);
  }

  function neighbour(value) {
    return pick([value, value, value.toUpperCase(), `${value} `, ` ${value}`, value.slice(0, -1), `${value}s`, value + ' '.repeat(60), '', value.replace('e', 'é')]);
  }

  // A raw JSON value for a column: usually of its own kind, sometimes anything.
  function valueFor(table, name, column) {
    if (chance(0.06)) return pick(oddTypes);
    if (chance(0.03) && column.type !== 'object' && column.type !== 'i18n') return pick(oddTexts);
    switch (column.type) {
      case 'uuid': return quoted(uuidSpelling(name === 'id' ? newId() : name === 'user_id' ? userId : projectId));
      case 'i18n': return i18n(limits[column.max_characters].value);
      case 'object': return metadata();
      case 'int4':
      case 'int8': return integer(column, column.type);
      case 'varchar': return quoted(varchar(limits[column.max_characters].value));
      case 'text': return quoted(textOf(chance(0.7) ? around(limits[column.max_characters].value) : below(30)));
      case 'enum': return quoted(neighbour(pick(values[column.values])));
      case 'media_type': return quoted(neighbour(pick([...values.stored_types, ...values.video_types, 'image/gif', 'video/avi'])));
      case 'time_zone': return quoted(chance(0.6) ? pick(timeZones) : neighbour(pick([...timeZones, 'Mars/Olympus', 'EST5EDT4', '+09:00', 'PST', 'localtime', 'posix/UTC'])));
      case 'avatar': return quoted(chance(0.5) ? address() : path(table));
      default: return quoted(path(table));
    }
  }

  // A value that both sides take.
  function goodValue(table, name, column) {
    const text = { uuid: name === 'id' ? newId() : name === 'user_id' ? userId : projectId, varchar: 'photo.jpg', text: 'A prompt', avatar: `${userId}/a.png`, time_zone: 'Asia/Seoul' }[column.type];
    if (text !== undefined) return JSON.stringify(text);
    if (column.type === 'path') return JSON.stringify(table === 'photo' ? `${userId}/${projectId}/a.jpg` : `${userId}/a.jpg`);
    if (column.type === 'enum') return JSON.stringify(values[column.values][0]);
    if (column.type === 'media_type') return '"image/jpeg"';
    if (column.type === 'i18n') return '{"en":"Title"}';
    return column.type === 'object' ? '{"a":1}' : '1';
  }

  const serverColumns = ['status', 'photo_count', 'created_at', 'updated_at', 'subscription_plan', 'total_storage_bytes', 'email', 'user_id', 'id', 'ID', 'Title_i18n', 'file_type',
    'project_id', 'xmin', 'ctid', '', ' ', 'metadata ', 'tableoid', 'a"b', 'billing_month'];

  function broken(document) {
    const at = below(document.length);
    return pick([document.slice(0, at), document.slice(0, -1), `${document}}`, `${document} x`, document.replace('}', ',}'), document.replace(':', ''), document.replaceAll('"', "'"),
      `[${document}]`, '', 'null', '3', '"x"', '[]', `\ufeff${document}`, `${document.slice(0, at)}\u0001${document.slice(at)}`]);
  }

  return function next() {
    const table = pick(tables);
    const columns = Object.entries(payloads[table].columns);
    const members = [];
    for (const [name, column] of columns) {
      const paired = name === 'width' || name === 'height';
      if (column.required || chance(paired ? 0 : 0.4)) members.push([name, goodValue(table, name, column)]);
    }
    if (columns.some(([name]) => name === 'width') && chance(0.5)) members.push(['width', '1'], ['height', '1']);
    const changes = pick([0, 1, 1, 1, 2, 2, 3]);
    for (let i = 0; i < changes; i++) {
      const [name, column] = pick(columns);
      const at = members.findIndex(([existing]) => existing === name);
      const member = [name, valueFor(table, name, column)];
      const action = below(20);
      if (action === 0) members.push([pick(serverColumns), pick(['1', '"draft"', 'null', '"x"'])]);
      else if (action === 1 && at >= 0) members.splice(at, 1);
      else if (action === 2) members.push(member);
      else if (action === 3) members.unshift(member);
      else if (at >= 0) members[at] = member;
      else members.push(member);
    }
    const space = () => (chance(0.05) ? pick([' ', '\t', '\r', '  ']) : '');
    const text = members.map(([name, value]) => `${space()}${quoted(name)}${space()}:${space()}${value}${space()}`).join(',');
    const document = `${space()}{${text}${space()}}${space()}`;
    return { table, document: chance(0.03) ? broken(document) : document };
  };
}
