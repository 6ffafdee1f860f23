/** The name of the hollow sign of one case. */
export const caseIconOf = (tier: number): string => `case-${tier}`;

/** The name of the ring for needs that stay open at a place. */
export const openIconOf = (tier: number): string => `open-${tier}`;

export const TIER_COLOURS = ["#a3121c", "#9a3b00", "#b07d00", "#0e6274"] as const;
