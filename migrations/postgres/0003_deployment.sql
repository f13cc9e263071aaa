-- What all programs on this database have to agree on: the data key that seals personal data, and where batches are
-- anchored. Written by the first, compared by every other: a server with another key would seal what none can open.
CREATE TABLE deployment (
    name        TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (name IN ('chain', 'contract', 'data_key')),
    value       TEXT COLLATE "C" NOT NULL -- chain id, address, id of the key; never the key
);
