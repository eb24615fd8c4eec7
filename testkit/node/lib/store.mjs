// What an identity provider knows, in memory: the adapter of `oidc-provider`, over a map that outlives one instance of it and
// can be looked through.

const MODELS_OF_A_GRANT = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

export class Store {
  entries = new Map();

  /** What a model holds now. */
  all(model) {
    const now = Date.now();
    return [...this.entries.values()].filter((entry) => entry.model === model && entry.until > now).map(({ payload }) => payload);
  }

  adapter = (model) => {
    const { entries } = this;
    const key = (id) => `${model}:${id}`;
    const get = (id) => {
      const entry = entries.get(key(id));
      return entry && entry.until > Date.now() ? entry.payload : undefined;
    };
    return {
      upsert: async (id, payload, lifetime) => {
        entries.set(key(id), { model, payload, until: lifetime ? Date.now() + lifetime * 1000 : Infinity });
      },
      find: async (id) => get(id),
      findByUid: async (uid) => this.all(model).find((payload) => payload.uid === uid),
      findByUserCode: async (code) => this.all(model).find((payload) => payload.userCode === code),
      consume: async (id) => { get(id).consumed = Math.floor(Date.now() / 1000); },
      destroy: async (id) => { entries.delete(key(id)); },
      revokeByGrantId: async (grantId) => {
        for (const [stored, entry] of entries) {
          if (MODELS_OF_A_GRANT.has(entry.model) && entry.payload.grantId === grantId) entries.delete(stored);
        }
      },
    };
  };
}
