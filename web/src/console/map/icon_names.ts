/** The name of a case's sign on the map; hollow until it is verified. */
export const iconOf = (tier: number, verified: boolean): string => `case-${tier}-${verified ? "verified" : "new"}`;

export const TIER_COLOURS = ["#a3121c", "#9a3b00", "#b07d00", "#0e6274"] as const;
