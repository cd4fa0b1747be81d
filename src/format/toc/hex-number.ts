/** Returns the number that digits in hexadecimal, in lower case, stand for from `at` in a text. Makes no text of them. */
export function hexNumber(text: string, at: number, digits: number): number {
  let value = 0;
  for (let index = at; index < at + digits; index++) {
    const code = text.charCodeAt(index);
    value = value * 16 + (code <= 0x39 ? code - 0x30 : code - 0x57);
  }
  return value;
}
