/** Making elements without markup in scripts. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child): child is Node | string => child !== null));
  return made;
}

/** A button that does something here; it cannot be pressed again before that is done. */
export function button(text: string, className: string, act: () => Promise<unknown> | void): HTMLButtonElement {
  const made = element("button", { type: "button", className: `button ${className}` }, text);
  made.onclick = () => {
    made.disabled = true;
    void Promise.resolve(act()).finally(() => (made.disabled = false));
  };
  return made;
}
