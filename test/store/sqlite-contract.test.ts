import { describeStoreContract } from './contract/describe-store-contract.ts';
import { everything, openTemporary, temporaryFile } from './temporary-store.ts';

describeStoreContract('SQLite', async () => {
  const file = temporaryFile();
  return {
    ...openTemporary(file),
    openAgain: async () => openTemporary(file, 'power'),
    everything: async () => everything(file),
  };
});
