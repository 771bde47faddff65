// A thread that reads JSON which is too large to be read between two other requests.
import { answerRequests } from '@mlops/concurrency';
import { parseBoundedJson } from './json-extent.ts';

answerRequests<Uint8Array<ArrayBuffer>, unknown>(({ buffer }) => parseBoundedJson(Buffer.from(buffer)));
