// The operators of conditions: [MS-DTYP] 2.4.4.17.6 and 2.4.4.17.7.

/** Binary operators. */
export const RELATIONS: readonly (readonly [string, number])[] = [
  ['==', 0x80],
  ['!=', 0x81],
  ['<=', 0x83],
  ['>=', 0x85],
  ['<', 0x82],
  ['>', 0x84],
  ['Contains', 0x86],
  ['Any_of', 0x88],
  ['Not_Contains', 0x8e],
  ['Not_Any_of', 0x8f],
];

/** Unary operators. */
export const PREFIXES: readonly (readonly [string, number])[] = [
  ['Exists', 0x87],
  ['Not_Exists', 0x8d],
  ['Member_of', 0x89],
  ['Device_Member_of', 0x8a],
  ['Member_of_Any', 0x8b],
  ['Device_Member_of_Any', 0x8c],
  ['Not_Member_of', 0x90],
  ['Not_Device_Member_of', 0x91],
  ['Not_Member_of_Any', 0x92],
  ['Not_Device_Member_of_Any', 0x93],
];

export const AND = 0xa0;
export const OR = 0xa1;
export const NOT = 0xa2;

/** The prefix of an attribute's name, and its token. */
export const ATTRIBUTE_SCOPES: readonly (readonly [string, number])[] = [
  ['@User.', 0xf9],
  ['@Resource.', 0xfa],
  ['@Device.', 0xfb],
];
