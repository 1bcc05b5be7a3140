// The networks that this browser computes itself: each fetched once, and kept for as long as the page is open.

import { digitReader } from "../shared/reader.js";

// `arrived` is called with the network's key when it can be asked, or when it is known that only the server can.
export function readersOf({ server, arrived }) {
  const known = new Map(); // network -> what `of` returns
  const names = new Map(); // network -> what `called` returns

  async function fetchOne(network) {
    known.set(network, undefined); // on its way
    try {
      const { table, called, beside } = await server.fetch_network({ network });
      if (called) names.set(network, { key: network, ...called });
      const reader = table ? digitReader(table) : null;
      known.set(network, reader && { reader, beside });
      if (beside && !known.has(beside)) await fetchOne(beside);
      arrived(network);
    } catch (error) {
      console.warn("the network was not fetched", error);
      known.delete(network); // it is tried again when it is asked next
    }
  }

  return {
    // {key, caption, accuracy} of a network, undefined until that is known.
    called: (network) => names.get(network),
    // {reader, beside} of a network, `beside` being the key of the one to set beside it; null where only the server can compute it, undefined until that is known.
    of(network) {
      if (!known.has(network)) fetchOne(network);
      return known.get(network);
    },
    // Whether this browser computes it now.
    here: (network) => Boolean(known.get(network)),
    // The server computes this one from now on.
    giveUp: (network) => known.set(network, null),
  };
}
