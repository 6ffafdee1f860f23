/** Photos made small enough for a bad network; drawing them anew also drops what the camera wrote into them. */
const LONGEST_PX = [1280, 1024, 800, 640];
const QUALITIES = [0.6, 0.45, 0.3];
/** What a photo may weigh: 16 s at 50 kbit/s. */
const LARGEST_BYTES = 100_000;

/** A JPEG of at most 1280 px and 100 kB: first its quality goes down, then its size. Rejects for what is no picture. */
export async function shrunk(file: Blob): Promise<Blob> {
  const picture = await decoded(file);
  let least: Blob | undefined;
  for (const longest of LONGEST_PX) {
    const canvas = drawn(picture, longest);
    for (const quality of QUALITIES) {
      const blob = await packed(canvas, quality);
      if (blob.size <= LARGEST_BYTES) return blob;
      least = blob;
    }
  }
  return least!;
}

function drawn(picture: HTMLImageElement, longest: number): HTMLCanvasElement {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function packed(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", quality);
  });
}

function decoded(file: Blob): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    const url = URL.createObjectURL(file);
    image.onload = () => {
      URL.revokeObjectURL(url);
      resolve(image);
    };
    image.onerror = () => {
      URL.revokeObjectURL(url);
      reject(new Error("no picture"));
    };
    image.src = url;
  });
}
