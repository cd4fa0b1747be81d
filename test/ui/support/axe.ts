import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

type Selection = { readonly type: 'tag' | 'rule'; readonly values: string[] };

/** Runs axe with all its rules or the selected ones, and returns the violations. */
async function violationsOf(page: Page, runOnly?: Selection) {
  await endTransitions(page);
  // axe stays in the page until navigation. A new copy each time would have to be compiled, which costs more than the rules.
  const isThere = await page.evaluate(() => 'axe' in window);
  const builder = new AxeBuilder({ page, ...(isThere ? { axeSource: 'undefined' } : {}) });
  // Legacy mode: Electron doesn't open a second page, which axe would need to finish. Passed rules aren't described.
  const { violations } = await builder
    .setLegacyMode()
    .options({ resultTypes: ['violations'], ...(runOnly === undefined ? {} : { runOnly }) })
    .analyze();
  return violations;
}

/** Finishes transitions: halfway between two themes, the contrast matches neither theme. */
async function endTransitions(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // A change of the theme starts transitions at the next frame.
    for (let frame = 0; frame < 2; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
    for (const animation of document.getAnimations()) if (animation instanceof CSSTransition) animation.finish();
  });
}

/** Returns axe's violations on the current page, one line for each place. */
export async function complaintsOf(page: Page): Promise<string[]> {
  return (await violationsOf(page)).flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}

const WCAG_22_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Like {@link complaintsOf}, for the rules of WCAG 2.2, levels A and AA. */
export async function wcagComplaintsOf(page: Page): Promise<string[]> {
  return (await violationsOf(page, { type: 'tag', values: WCAG_22_AA })).flatMap(({ id, nodes }) =>
    nodes.map(({ target }) => `${id}: ${target.join(' ')}`),
  );
}

/** Like {@link complaintsOf}, for the rules about colours, because a theme changes nothing else. */
export async function contrastComplaintsOf(page: Page): Promise<string[]> {
  return (await violationsOf(page, { type: 'rule', values: ['color-contrast', 'link-in-text-block'] })).flatMap(({ id, nodes }) =>
    nodes.map(({ target }) => `${id}: ${target.join(' ')}`),
  );
}
