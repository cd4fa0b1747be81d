import { Button } from '../../components/button.tsx';
import { runningJob } from '../../state/jobs.ts';
import { scanImage } from '../../state/opening.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';

/** Starts a search of an image's files for secrets. The job list shows its progress and can cancel it. */
export function ScanButton({ archiveId, image, isQuiet = false }: { archiveId: string; image: number; isQuiet?: boolean }) {
  const scanning = useApp((app) => runningJob(app.jobs, 'scan', archiveId, image) !== null);
  return (
    <Button
      {...(isQuiet ? { kind: 'quiet', icon: 'search' } : {})}
      disabled={scanning}
      otherLabels={[words.details.scan, words.details.scanning]}
      onPress={() => void scanImage(archiveId, image)}
    >
      {scanning ? words.details.scanning : words.details.scan}
    </Button>
  );
}
