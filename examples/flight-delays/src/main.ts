// Deploys the example to a running platform and replays a part of July:
//   npm start -w examples/flight-delays -- [URL] [FLIGHTS]
import { deployExample } from './load.ts';
import { replayTraffic } from './replay.ts';

const [url = 'http://127.0.0.1:8080', flights = '300'] = process.argv.slice(2);
await deployExample(url);
console.log(`flight-delays is deployed: ${url}/api/v1/deployments/flight-delays`);
await replayTraffic(url, { flights: Number(flights), speed: 36_000 });
console.log(`${flights} flights of July 2013 were predicted, and their arrivals reported.`);
