// AVIF pictures of 32 x 16 pixels as stored: red and green above, blue and white below. Made by avifenc, which writes an
// Exif orientation as `irot` too, as cameras do: whoever obeys both turns the picture twice.
const turned =
  'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAAD8bWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2aWYAAAAA' +
  'DnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABJAAAAC0AAAAoaWluZgAAAAAAAQAAABppbmZlAgAAAAABAABhdjAxQ29sb3IAAAAAdGlw' +
  'cnAAAABUaXBjbwAAABRpc3BlAAAAAAAAACAAAAAQAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgSAAAAAAABNjb2xybmNseAABAA0ABoAAAAAJaXJvdAEA' +
  'AAAYaXBtYQAAAAAAAAABAAEFAQKDBIUAAAA1bWRhdBIACgg4EP/sICGg0jIfRKAAggghQOYpmsNBM4ch5waC+ZJANHTHGW3W3prA4Q==';
const mirrored =
  'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAAD8bWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2aWYAAAAA' +
  'DnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABJAAAAC0AAAAoaWluZgAAAAAAAQAAABppbmZlAgAAAAABAABhdjAxQ29sb3IAAAAAdGlw' +
  'cnAAAABUaXBjbwAAABRpc3BlAAAAAAAAACAAAAAQAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgSAAAAAAABNjb2xybmNseAABAA0ABoAAAAAJaW1pcgEA' +
  'AAAYaXBtYQAAAAAAAAABAAEFAQKDBIUAAAA1bWRhdBIACgg4EP/sICGg0jIfRKAAggghQOYpmsNBM4ch5waC+ZJANHTHGW3W3prA4Q==';
const withExif =
  'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAAE9bWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2aWYAAAAA' +
  'DnBpdG0AAAAAAAEAAAAsaWxvYwAAAABEAAACAAEAAAABAAABgwAAAC0AAgAAAAEAAAFlAAAAHgAAAEFpaW5mAAAAAAACAAAAGmluZmUCAAAAAAEAAGF2' +
  'MDFDb2xvcgAAAAAZaW5mZQIAAAAAAgAARXhpZkV4aWYAAAAAGmlyZWYAAAAAAAAADmNkc2MAAgABAAEAAAB0aXBycAAAAFRpcGNvAAAAFGlzcGUAAAAA' +
  'AAAAIAAAABAAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBIAAAAAAAE2NvbHJuY2x4AAEADQAGgAAAAAlpcm90AwAAABhpcG1hAAAAAAAAAAEAAQUBAoME' +
  'hQAAAFNtZGF0AAAAAElJKgAIAAAAAQASAQMAAQAAAAYAAAAAAAAAEgAKCDgQ/+wgIaDSMh9EoACCCCFA5imaw0EzhyHnBoL5kkA0dMcZbdbemsDh';

/** The same bytes with another angle in `irot`, in quarter turns against the clock. */
function withAngle(base64, quarters) {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.indexOf('irot') + 4] = quarters;
  return bytes.toString('base64');
}

/** What each must show: width, height, and its corners in reading order. */
export const pictures = [
  { name: 'plain', base64: withAngle(turned, 0), seen: '32x16 RG BW' },
  { name: 'irot, a quarter turn against the clock', base64: turned, seen: '16x32 GW RB' },
  { name: 'irot, half a turn', base64: withAngle(turned, 2), seen: '32x16 WB GR' },
  { name: 'irot, a quarter turn with the clock', base64: withAngle(turned, 3), seen: '16x32 BR WG' },
  { name: 'imir', base64: mirrored, seen: '32x16 GR WB' },
  { name: 'irot and Exif that say the same', base64: withExif, seen: '16x32 BR WG' },
  // ISO/IEC 23000-22 (MIAF), 7.3.7: Exif is no instruction to turn.
  { name: 'Exif alone', base64: withAngle(withExif, 0), seen: '32x16 RG BW' },
];
