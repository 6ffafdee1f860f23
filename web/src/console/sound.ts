/** A short sound for a new alarm; off until the person turns it on, as a room full of screens would ring all day. */
const KEPT = "tanggap-sound";
const TONES_HZ = [880, 660];
const TONE_S = 0.16;
const LOUDNESS = 0.15;

let context: AudioContext | null = null;

export const isSoundOn = (): boolean => localStorage.getItem(KEPT) === "on";

export function turnSound(on: boolean): void {
  localStorage.setItem(KEPT, on ? "on" : "off");
  if (on) ring();
}

export function ring(): void {
  if (!isSoundOn()) return;
  context ??= new AudioContext();
  void context.resume();
  TONES_HZ.forEach((tone, n) => sound(context as AudioContext, tone, n * TONE_S));
}

function sound(where: AudioContext, tone: number, after: number): void {
  const [source, volume] = [where.createOscillator(), where.createGain()];
  source.frequency.value = tone;
  volume.gain.value = LOUDNESS;
  source.connect(volume).connect(where.destination);
  source.start(where.currentTime + after);
  source.stop(where.currentTime + after + TONE_S);
}
