/** The service worker, which keeps pages for times without a network. */
export const keepPages = (): void => void navigator.serviceWorker?.register("/sw.js").catch(() => undefined);
