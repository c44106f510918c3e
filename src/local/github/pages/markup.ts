/** The one way from values to HTML: `html` escapes whatever is interpolated, unless `html` itself made it. */
import { html, raw } from 'hono/html';

export { html };
export type Html = ReturnType<typeof html>;

/** Takes text for HTML. Only for what our own renderers have escaped already. */
export const trusted = (text: string): Html => raw(text);

/** Escapes text for an element or a quoted attribute. */
export const escaped = (text: string): string => String(html`${text}`);
