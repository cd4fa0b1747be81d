/** Maximum length of the words that are compared, because the time grows with the product of their lengths. */
const LONGEST = 40;

/** Returns the word that the user probably meant: the most similar one, if only a few letters differ; otherwise null. */
export function similarWord(typed: string, words: Iterable<string>): string | null {
  if (typed.length > LONGEST) return null;
  let best: string | null = null;
  let least = Math.ceil(typed.length / 3) + 1;
  for (const word of words) {
    const distance = word.length > LONGEST ? least : typingDistance(typed, word);
    if (distance >= least) continue;
    best = word;
    least = distance;
  }
  return best;
}

/** Returns how many letters were added, left out, mistyped or swapped with their neighbour. */
function typingDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
