/** Filled in by web/build.mjs: a hash over everything else that was built. */
declare const BUILD_ID: string;
/** Filled in by web/build.mjs: built file name -> hash of its content, as in manifest.json. */
declare const ASSETS: Readonly<Record<string, string>>;
