// The live catalog against the contract: columns, privileges, lengths, lists, ranges, buckets, constraint names.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { startDatabase } from './database.mjs';

const read = (name) => JSON.parse(readFileSync(new URL(`../../schema/contract/${name}.json`, import.meta.url), 'utf8'));
const { limits, values, payloads, blank_characters: blankCharacters } = read('limits');
const { constraints } = read('errors');
const { time_zones: timeZones } = read('time_zones');
const limit = (name) => limits[name].value;

let database;
const rows = async (sql, ...parameters) => (await database.admin.query(sql, parameters)).rows;

before(async () => {
  database = await startDatabase();
});
after(() => database?.stop());

const columnsOf = (table) =>
  rows(
    `select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required, atthasdef as has_default,
       has_column_privilege('authenticated', attrelid, attnum, 'insert') as insert,
       has_column_privilege('authenticated', attrelid, attnum, 'update') as update
     from pg_attribute where attrelid = ('public.' || $1)::regclass and attnum > 0 and not attisdropped order by attnum`,
    table,
  );

test('a client may write exactly the columns of each payload', async () => {
  for (const { table, operation, columns } of Object.values(payloads)) {
    const writable = (await columnsOf(table)).filter((column) => column[operation]).map(({ name }) => name);
    assert.deepEqual(writable, Object.keys(columns), table);
  }
});

test('columns have the types, lengths, defaults and nulls of the contract', async () => {
  const typeOf = (rule) =>
    ({ uuid: 'uuid', i18n: 'jsonb', object: 'jsonb', int4: 'integer', int8: 'bigint', text: 'text', path: 'text', avatar: 'text', time_zone: 'character varying(50)',
      media_type: 'character varying(50)', varchar: `character varying(${rule.max_characters && limit(rule.max_characters)})` })[rule.type];
  const enumTypes = { style: 'video_style', mime_type: 'character varying(50)', file_type: 'character varying(50)', language: 'character varying(5)' };
  for (const { table, operation, columns } of Object.values(payloads)) {
    const live = Object.fromEntries((await columnsOf(table)).map((column) => [column.name, column]));
    for (const [name, rule] of Object.entries(columns)) {
      const where = `${table}.${name}`;
      assert.equal(live[name].type, rule.type === 'enum' ? enumTypes[name] : typeOf(rule), where);
      // upload_order is never null in the table: a trigger puts the next place where a client says null.
      if (name !== 'upload_order') assert.equal(live[name].required, !rule.nullable, `${where}: null`);
      if (operation === 'insert') assert.equal(Boolean(rule.required), live[name].required && !live[name].has_default, `${where}: default`);
    }
  }
});

test('enums have the values of the contract', async () => {
  const labels = async (type) => (await rows(`select enumlabel as label from pg_enum where enumtypid = ('public.' || $1)::regtype order by enumsortorder`, type)).map(({ label }) => label);
  assert.deepEqual(await labels('video_style'), values.video_styles);
  assert.deepEqual(await labels('project_status'), values.project_statuses);
});

test('constraints have the numbers and lists of the contract', async () => {
  const found = await rows(
    `select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as text from pg_constraint
     where connamespace = 'public'::regnamespace and contype = 'c'`,
  );
  const text = Object.fromEntries(found.map((row) => [`${row.table}.${row.name}`, row.text]));
  const numbers = (name) => [...new Set([...text[name].matchAll(/(?<![\w'])-?\d+/g)].map(([number]) => Number(number)))].sort((a, b) => a - b);
  const strings = (name) => [...text[name].matchAll(/'([^']*)'/g)].map(([, string]) => string);
  assert.deepEqual(numbers('video_projects.valid_duration'), [limit('min_duration_minutes'), limit('max_duration_minutes')]);
  assert.deepEqual(numbers('video_projects.valid_photo_count'), [0, limit('max_photos_per_project')]);
  assert.deepEqual(numbers('photos.valid_file_size'), [limit('min_photo_bytes') - 1, limit('max_photo_bytes')]);
  assert.deepEqual(numbers('media_items.valid_file_size'), [0]);
  assert.deepEqual(numbers('photos.valid_upload_order'), [0]);
  assert.deepEqual(numbers('video_projects.valid_title_i18n_length'), [limit('max_title_characters')]);
  assert.deepEqual(numbers('video_projects.valid_description_i18n_length'), [limit('max_description_characters')]);
  assert.deepEqual(numbers('video_projects.valid_ai_prompt'), [limit('max_prompt_characters')]);
  assert.deepEqual(strings('photos.valid_mime_type'), values.stored_types);
  assert.deepEqual(strings('media_items.valid_image_mime').filter((value) => value.includes('/')), values.stored_types);
  assert.deepEqual(strings('media_items.valid_video_mime').filter((value) => value.includes('/')), values.video_types);
  assert.deepEqual(strings('media_items.valid_file_type'), values.media_file_types);
  assert.deepEqual(strings('users.valid_language'), values.languages);
});

test('every constraint that a client can meet has its code, and no code is for a constraint that is not there', async () => {
  const tables = [...Object.values(payloads).map(({ table }) => table), 'generated_videos', 'payment_methods'];
  const found = await rows(
    `select conrelid::regclass::text as table, conname as name, contype as kind from pg_constraint
     where connamespace = 'public'::regnamespace and conrelid::regclass::text = any ($1)`,
    tables,
  );
  const live = new Set(found.map(({ table, name }) => `${table}.${name}`));
  assert.deepEqual(Object.keys(constraints).filter((name) => !live.has(name)), []);
  const checks = found.filter(({ table, kind }) => kind === 'c' && Object.values(payloads).some((payload) => payload.table === table));
  assert.deepEqual(checks.map(({ table, name }) => `${table}.${name}`).filter((name) => !constraints[name]), []);
});

test('buckets have the limits and types of the contract', async () => {
  const found = await rows('select id, public, file_size_limit::float8 as bytes, allowed_mime_types as types from storage.buckets');
  const buckets = Object.fromEntries(found.map((bucket) => [bucket.id, bucket]));
  assert.equal(buckets.photos.bytes, limit('max_photo_bytes'));
  assert.deepEqual(buckets.photos.types, values.stored_types);
  assert.equal(buckets.media.bytes, limit('max_media_bytes'));
  assert.deepEqual([...buckets.media.types].sort(), [...values.stored_types, ...values.video_types].sort());
  assert.equal(buckets.videos.bytes, limit('max_video_bytes'));
  assert.equal(buckets.avatars.bytes, limit('max_avatar_bytes'));
  assert.deepEqual(found.filter((bucket) => bucket.public).map(({ id }) => id), ['avatars']);
});

test('exactly the listed characters are blank', async () => {
  const found = await rows(
    `select upper(lpad(to_hex(point), 4, '0')) as code from generate_series(1, 1114111) as point
     where point not between 55296 and 57343 and private.is_blank(chr(point)) order by point`,
  );
  assert.deepEqual(found.map(({ code }) => code), blankCharacters);
});

test('exactly the listed time zones are known, whatever the server knows', async () => {
  const [{ unknown }] = await rows('select coalesce(array_agg(name), $2) as unknown from unnest($1::text[]) as name where not private.is_time_zone(name)', timeZones, []);
  assert.deepEqual(unknown, []);
  const others = await rows('select name from pg_timezone_names where private.is_time_zone(name) and name <> all ($1)', timeZones);
  assert.deepEqual(others, []);
});
