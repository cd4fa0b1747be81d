// Output of xz 5.4 and bzip2 1.0.8 in base64, because node:zlib can't make it. Uncompressed, it is SAMPLE_TEXT unless a comment or the name
// says otherwise.

/** Most samples' uncompressed text. */
export const SAMPLE_TEXT = Array.from({ length: 120 }, (_, line) => `line ${line % 40} of a text that repeats itself\n`).join('');

function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

export const XZ_SAMPLES = {
  crc64: bytes(
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4BGxAIpdADYaSh8IoCYDTQad7+2MoT/IOM9thS+aaJmfL/bA0qMCNuh6N3wj781CW4zWYwMF8FJ4nOAgfo61hWjr' +
      'ULLQWbRgDg+DHcThi//cmP1blWzDWKswNz4UAT0W4QUIHOkX9gnX1iCqYApJbWQOAUxlk1VS0WESxhRyHHojan9SDTfKImxvJjSl4TRpAAAAAJXTAbP3Tcfc' +
      'AAGmAbIjAAA2cQC8scRn+wIAAAAABFla',
  ),
  sha256: bytes(
    '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4BGxAIpdADYaSh8IoCYDTQad7+2MoT/IOM9thS+aaJmfL/bA0qMCNuh6N3wj781CW4zWYwMF8FJ4nOAgfo61hWjr' +
      'ULLQWbRgDg+DHcThi//cmP1blWzDWKswNz4UAT0W4QUIHOkX9gnX1iCqYApJbWQOAUxlk1VS0WESxhRyHHojan9SDTfKImxvJjSl4TRpAAAAAAblHNMEG6HF' +
      '3TJ1A6lj2qDBsHq4/VthxIBLEYDiDFSaAAG+AbIjAADA8YVTtunfHAIAAAAAClla',
  ),
  unchecked: bytes(
    '/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4BGxAIpdADYaSh8IoCYDTQad7+2MoT/IOM9thS+aaJmfL/bA0qMCNuh6N3wj781CW4zWYwMF8FJ4nOAgfo61hWjr' +
      'ULLQWbRgDg+DHcThi//cmP1blWzDWKswNz4UAT0W4QUIHOkX9gnX1iCqYApJbWQOAUxlk1VS0WESxhRyHHojan9SDTfKImxvJjSl4TRpAAAAAAABngGyIwAA' +
      '9vQpVKgACvwCAAAAAABZWg==',
  ),
  'crc32 and other properties': bytes(
    '/Td6WFoAAAFpIt42AgAhAQAAAAA3J5fW4BGxAJASADYbHRTfEeYDbEjHYBAzGi4VVc1PdPg8R4L3hnd2eaNm2GuX/ulR6Eev0hba2J32OUwA6a7ID3M0SUPG' +
      'TKKzGvIFdeHLg7/WZzLwX8KNoagHLv13w80bF5uhaxHf56HAL3ItAZH8ndmEDAGWgaJG4rElb94MrN45GT3FH9WhEcxoXueBRBqMCP60r1DA9SEwAAAyWJv6' +
      'AAGoAbIjAABGEAqGPjANiwIAAAAAAVla',
  ),
  'two streams, zeros between': bytes(
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4APnAGVdADYaSh8IoCYDTQad7+2MoT/IOM9thS+aaJmfL/bA0qMCNuh6N3wj781CW4zWYwMF8FJ4nOAgfo61hWjr' +
      'ULLQWbRgDg+DHcThi//cmP1blWzDWKswNz4UAT0W4QUIHOkX9gnKYiBoAAAAAMisvZR9UUtjAAGBAegHAABCRV09scRn+wIAAAAABFlaAAAAAAAAAAD9N3pY' +
      'WgAABObWtEYCACEBFgAAAHQv5aPgDckAkF0AEByIpzOQwD4aLBrIBmH7ZD9znYz95JlIybf+jc4u9h5PtC4IuQz2iW20j0T7V6N3ryFL+v3TUbAfwi0S1HQ7' +
      'sRAMy3ukURbFAbKKpkF43h1onpPKhU2Zn5913csFcoMNU130T9/g9x4e6jZrKdpiAa8z9CQpEachTJISw9ONafYXbOh4wc7nY+zwHiOQ1uQAALftMlUag5Fi' +
      'AAGsAcobAAALbmiZscRn+wIAAAAABFla',
  ),
};
export const XZ_EMPTY = bytes('/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo=');
/** With the filter for x86 programs before LZMA2. */
export const XZ_X86 = bytes(
  '/Td6WFoAAATm1rRGAgEEACEBFgANhjUf4BGxAIpdADYaSh8IoCYDTQad7+2MoT/IOM9thS+aaJmfL/bA0qMCNuh6N3wj781CW4zWYwMF8FJ4nOAgfo61hWjr' +
    'ULLQWbRgDg+DHcThi//cmP1blWzDWKswNz4UAT0W4QUIHOkX9gnX1iCqYApJbWQOAUxlk1VS0WESxhRyHHojan9SDTfKImxvJjSl4TRpAAAAAJXTAbP3Tcfc' +
    'AAGmAbIjAAA2cQC8scRn+wIAAAAABFla',
);

export const BZIP2_SAMPLES = {
  'one stream': bytes(
    'QlpoOTFBWSZTWU+iJmQABZJZgAAQQAB/4CNl3EAwATgAoABoGTIKAAaBkyBNVR6qn6h/qlG1PSDyjvUO9Q4qHmod3s4cPd8Ndn3fh8u73a1y1rWta17Na1jW' +
      'ta1rp06dOnT1UPFQ4qHh2dnZyxjHMMY5Y4hjGMVWMYxjGMYxjGMYxjGMcOGMc1D6qHiofyoeah9VD1UO1Q81D1UOahzUNqHxUPNQ9VDKhlQ4qHVUPzUP9UMq' +
      'hzUOqh1UP+LuSKcKEgn0RMyA',
  ),
  'two streams': bytes(
    'QlpoOTFBWSZTWahSOuQAATpZgAAQQAB/4CNl3EAwAKsDapPUNP1QeoAAxqoABoACaqpiDQDQZEoRIIoCPEIumlcHjlnpNW7G24iIbdnqE6NpxtOmOMCJoBJA' +
      'AAEAkUjaaE8yfCayaSbSZk1k2JgTAmcnKTHWTYmRMpN0mVJ3k/ExiYE3ybyfxdyRThQkKhSOuQBCWmgxMUFZJlNZQu7OMQAA/1mAABBAAH/gI2XcQDABOACg' +
      'AGgZMgoABoGTIE1VHqqfqH+qmo/VMg2o7gu0LhC+oLt6XFxet7W3veL734u71ttubbbbbbWvS1rWNa1rWurq6urq6vJLviU+ELhC+LxeLw5sssc0ssubHAss' +
      'sZVWWWMsssZZZYyyxjLLGMuHFljlC+UL5gv4hfUF+oLzBe6F9QXlC5QuULYL2gu0LyhYhZBcQXVBflC/yFkhcwXUF0hf8XckU4UJBC7s4xA=',
  ),
};
export const BZIP2_EMPTY = bytes('QlpoORdyRThQkAAAAAA=');
/** Uncompressed: three a, four b, 259 c and 100,000 d. */
export const BZIP2_RUNS = bytes('QlpoOTFBWSZTWXs14FkAAAHRAMAABAA8AAAIIAAxDABSqbImb3etvtve5esELOCiM+EL8XckU4UJB7NeBZA=');

/**
 * A tar with one file, `big`, of 64 MiB of zeros, compressed with bzip2. XZ_BOMB_IN_BZIP2 is such a tar, compressed with xz and then with
 * bzip2.
 */
export const BZIP2_BOMB = bytes(
  'QlpoOTFBWSZTWX2NOpEFfjvbgMyAQABdAAACcKAeAAAIIABwUDTQyMmIIooMg0GmnWpgVAFVRMhAQFVRNveKVjatEBAVVEgI3kZgS0lIcieYmxGb9a974xiq' +
    'qAKqifmKCskyms4fLHBoBRQSAAYIAABBAAGGYClNMQJCbEgSE8XckU4UJA4//svA',
);
export const XZ_BOMB_IN_BZIP2 = bytes(
  'QlpoOTFBWSZTWXzgQsoAEvh///d/+fP++2nv9bq9fs/V/3V7Hv797r/2l3y/r/vH7Vr+0AObwAAAAg0aGgBoNNAGQ0DTTRoYTQDJoDQANDEZNMmAIxMQAaBp' +
    'kMgwjQGjJoAAAg0aGgBoNNAGQ0DTTRoYTQDJoDQANDEZNMmAIxMQAaBpkMgwjQGjJoAAARFEaaNAZDIA0AA0BoDQGmgA0AAZABiABkAA00yADIAA0aGgAAIN' +
    'GhoAaDTQBkNA000aGE0AyaA0ADQxGTTJgCMTEAGgaZDIMI0BoyaAAABUqqmmZQ2oNMTTQGmGk9ED0jaQDQ0GjJkaYI0aPRqMRpmhMZT01NMymZQ2kep6NIye' +
    'p6Ypp6m1PUHlPSNPJsqEBgyDlRvm6QDWJTJFjGUfRCEIy2CEIWTAEvs5DkeYc2AAABCgAAZDlSSZgDWAdpS4oGZ0wF7ngNBaAaiSTKAb+SSjJJt+qAuK4DU5' +
    'IDTZzyYDsMaSS67YGP7YFlegeJmgN96mbz9tJJz7uSSLmAxZJOMB05JM8BfAWEkmfkkqwOxtc344F2BS0mRw+1A2AGX+aSTjyScTl3ugA2u/o21/SbLWakC8' +
    'A3XAtd4BoZJI5PD+3hAbQCwvNuBk+CB6Oq5W9Aq+PZgX112UklT0q2STK7EC/yAF/hAciSSkAxMtswNLb6QDJ1lpAdmBbgWnFtekBXgcGA9PA9bKAWMknQAq' +
    'aul4YG5A+kDpwGtUmiyPL1tkBs5JO3psUCsAuJJPZAu6ziZOSS0rgNxJJzsuBcgYfFuc10ZJKIHWSSYF1f/vo/uAxLwC7xwLqx3kkn6AXOw0WkgORqJJMbm3' +
    'NZ3NnJJVAbvpSSfkBiAUAKqSTBxeKBztdurADZavBppJNP3XMkk8ySSokkpMf3AMKooV21kkp9xJJUpJ0eNqrevzud/ADCkk4EkmJwQOABWgZLNa8DZ3IHn4' +
    'wHvSSc2SSyA58BXYEkmNjgVf+SSYEB1NsB1NpaySVoGDJJrwKcDvP4/njgUKDd7bEAp5JOZzqoD+/YogZW40YFtJJvvqAwwNDRgLfvcMDISSft/uLQkkt/+6' +
    'uhTyScn87YDT2GZAqMW9A1YFNV/GB0ALe1xq+lgNMBrdTJJVAogbGwAvpJNdQzgGlAoSSbnLAeWBRAvNiBQA3oGY0NmB1wHUA+IDGwpJLGST15JKIG99XEAv' +
    '//F3JFOFCQfOBCyg',
);
