/**
 * Makes a folder, with those above it (Node). Node's own recursion never ends where a parent is there and takes no folders, as
 * `/proc` does.
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  const fs = globalThis.process.getBuiltinModule('node:fs/promises');
  const { dirname } = globalThis.process.getBuiltinModule('node:path');
  const make = async (): Promise<void> => {
    try {
      await fs.mkdir(folder, mode);
    } catch (error) {
      const there = await fs.stat(folder).catch(() => null);
      if (!there?.isDirectory()) throw error;
    }
  };
  try {
    await make();
  } catch (error) {
    const { code } = error as { code?: string };
    const above = dirname(folder);
    if (code === 'ENOENT' && above !== folder) await makeFolder(above, mode);
    else if (code !== 'EEXIST') throw error;
    // After EEXIST too: what was there a moment ago may be gone.
    await make();
  }
}
