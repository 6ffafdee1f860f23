/** The name of a case's sign on the map; hollow until it is verified. */
export const iconOf = (tier: number, verified: boolean): string => `case-${tier}-${verified ? "verified" : "new"}`;
