/** What was dropped on the page, the files of folders among it. */

const isPhoto = ({ type, name }: File): boolean => type.startsWith('image/') || /\.(hei[cf]|avif|jxl)$/i.test(name);

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  for (;;) {
    // A reader gives a hundred at a time, and nothing when it is through.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) files.push(...(await filesOf(entry)));
  }
}

/** Of a folder only photos: what programs leave beside them (.DS_Store, Thumbs.db) nobody has picked. */
async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isDirectory) return filesIn(entry as FileSystemDirectoryEntry);
  const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
  return isPhoto(file) ? [file] : [];
}

/**
 * The files of a drop, those of folders by their names. What cannot be read is passed over.
 * @returns also how many folders had no photo, and whether there was the address of something
 */
export async function droppedFiles(dropped: DataTransfer | null): Promise<{ files: File[]; emptyFolders: number; address: boolean }> {
  // The list is gone after the event: everything is taken from it before the first wait.
  const taken = [...(dropped?.items ?? [])].filter(({ kind }) => kind === 'file').map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const address = dropped?.types.includes('text/uri-list') ?? false;
  const files: File[] = [];
  let emptyFolders = 0;
  for (const { entry, file } of taken) {
    if (!entry?.isDirectory) {
      if (file) files.push(file);
      continue;
    }
    const inside = await filesOf(entry).catch(() => []);
    files.push(...inside.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })));
    if (inside.length === 0) emptyFolders += 1;
  }
  return { files, emptyFolders, address };
}
