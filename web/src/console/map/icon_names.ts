/** The name of a case's sign on the map; hollow until it is verified. */
export const iconOf = (tier: number, verified: boolean): string => `case-${tier}-${verified ? "verified" : "new"}`;

/** The name of the sign for several cases, the most urgent of this tier. */
export const clusterIconOf = (tier: number): string => `cluster-${tier}`;

/** The name of the ring for needs that stay open at a place. */
export const openIconOf = (tier: number): string => `open-${tier}`;

export const TIER_COLOURS = ["#a3121c", "#9a3b00", "#b07d00", "#0e6274"] as const;
