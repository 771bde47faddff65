// Generated from docs/reference/openapi.json by npm run generate.
export interface paths {
    "/api/v1/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All deployments, now or at a time. */
        get: operations["listDeployments"];
        put?: never;
        /** Deploys a registered model version; answers when it has passed its golden request. */
        post: operations["createDeployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A deployment, now or at a time. */
        get: operations["getDeployment"];
        /** Makes a new revision; the old one serves until the new one is ready. */
        put: operations["updateDeployment"];
        post?: never;
        /** Stops serving; the history stays. */
        delete: operations["deleteDeployment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes an earlier revision live again; by default the one before. */
        post: operations["rollbackDeployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All revisions, newest first, also those that failed. */
        get: operations["listRevisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The team’s feature views. */
        get: operations["listFeatureViews"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/views/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A feature view, and who uses it. */
        get: operations["getFeatureView"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/views/{name}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the history of a view holds: rows, times, nulls and ranges. */
        get: operations["getFeatureStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The team’s feature services. */
        get: operations["listFeatureServices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/services/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A feature service. */
        get: operations["getFeatureService"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/entities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the team’s features are about. */
        get: operations["listFeatureEntities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Definitions by words, entity, tag, owner and kind. */
        get: operations["searchFeatures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/online": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The newest values of features, by rows. */
        post: operations["readOnlineFeatures"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/historical": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Values of features as they were at given moments, by columns. As Parquet: POST /get-historical-features. */
        post: operations["readHistoricalFeatures"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What applying definitions would change, and what that affects. */
        post: operations["planFeatures"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts definitions in force, all or none of them; refused while a deployment would break. */
        post: operations["applyFeatures"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/materialisations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What of the views was copied into the online store. */
        get: operations["listMaterialisations"];
        put?: never;
        /** Copies the newest rows into the online store; answers when that is done. */
        post: operations["createMaterialisation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/features/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forgets all that the online store keeps of one entity, and says what was found. */
        post: operations["createFeatureErasure"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/predictions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Logged predictions, newest first, with their actuals. A page ends early where predictions hold much. */
        get: operations["listPredictions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/actuals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Attaches ground truth to predictions, by id or by key. */
        post: operations["attachActuals"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prediction-retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long the team keeps its predictions. */
        get: operations["getPredictionRetention"];
        /** Sets how long the team keeps its predictions; older ones are removed within the hour. */
        put: operations["setPredictionRetention"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/teams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One’s own teams; a platform administrator sees all. */
        get: operations["listTeams"];
        put?: never;
        /** Makes a team. Repeated with the same facts it changes nothing. */
        post: operations["createTeam"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/teams/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A team. */
        get: operations["getTeam"];
        put?: never;
        post?: never;
        /** Closes a team: nothing of it answers any more. It can be restored. */
        delete: operations["archiveTeam"];
        options?: never;
        head?: never;
        /** Changes what a team is called, where its cost goes; as a platform administrator, its compliance level and size. */
        patch: operations["updateTeam"];
        trace?: never;
    };
    "/api/v1/teams/{name}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens an archived team again. */
        post: operations["restoreTeam"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/teams/{name}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is in a team, as what. */
        get: operations["listMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/teams/{name}/members/{principal}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Takes somebody into a team, or gives them other roles; tokens that are wider end. */
        put: operations["setMember"];
        post?: never;
        /** Takes somebody out of a team; their tokens for it end. */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who one is, for which team one acts, as what, and in which teams one is. */
        get: operations["whoAmI"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One’s own tokens; all of the team for who administers it. */
        get: operations["listTokens"];
        put?: never;
        /** Makes a token, narrower than oneself. It is shown this once. */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a token, in every process within a second. */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where one is signed in. */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Signs out, in every process within a second. */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets in a command line that shows this code, as oneself, until one’s own session ends. */
        post: operations["approveCommandLine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whether one may do something in one’s team, or somebody with other roles might, and which policies decide. */
        post: operations["checkAccess"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The policy files that decide on access. */
        get: operations["listPolicies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A policy file. */
        get: operations["getPolicy"];
        /** Adds or replaces a policy file after a check: it holds in every process within a second. */
        put: operations["setPolicy"];
        post?: never;
        /** Removes a policy file that was set. */
        delete: operations["removePolicy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/{name}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Which decisions of the last day would be others with this policy file. */
        post: operations["previewPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/quotas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the team may have, and what it has. */
        get: operations["listQuotas"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/quotas/{resource}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets how much of a thing the team may have; a platform administrator’s. */
        put: operations["setQuota"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Audit entries, newest first. */
        get: operations["listAuditEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest checkpoint, signed, and the keys that verify it. */
        get: operations["getAuditCheckpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Checkpoints, newest first. */
        get: operations["listAuditCheckpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/proofs/{sequence}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What proves that an entry stands at its place among the first ones (RFC 9162). */
        get: operations["proveAuditEntry"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What proves that the chain continues what an earlier checkpoint has counted (RFC 9162). */
        get: operations["proveAuditConsistency"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole chain as JSON lines, in order: what `mlops audit verify` reads. */
        get: operations["exportAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the platform does by itself, and when next. */
        get: operations["listJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{name}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest runs of a job that did something or failed; a platform administrator’s. */
        get: operations["listJobRuns"];
        put?: never;
        /** Makes a job due now; some process takes it up within seconds. */
        post: operations["runJobNow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{name}/runs/{run}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Asks a run to end, wherever it runs; it does within seconds. */
        delete: operations["cancelJobRun"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether each part of the platform works, and if not, why. */
        get: operations["getStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The settings in force; secrets are hidden. */
        get: operations["listSettings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Problem: {
            /** @description Address of the documentation of the code. */
            type: string;
            title: string;
            status: number;
            /** @description What is wrong, and how to mend it. */
            detail: string;
            code: string;
            /** @description The field that is wrong. */
            field?: string;
            request_id?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listDeployments: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
                /** @description The next_page_token of the page before. */
                page_token?: string;
                /** @description What was live at this time (RFC 3339). */
                as_of?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        deployments: {
                            name: string;
                            team: string;
                            /** @enum {string} */
                            status: "ready" | "loading" | "failed" | "deleted";
                            reason: string | null;
                            /** Format: date-time */
                            created_at: string;
                            deleted_at: string | null;
                            live_revision: number | null;
                            revision: {
                                revision: number;
                                /** @description The model as it was asked for. */
                                model: string;
                                model_name: string;
                                model_version: string;
                                /** @description SHA-256 over the model’s files as they were loaded. */
                                digest: string;
                                options: {
                                    /** @description An input that names the row and is not given to the model; actuals can be attached by it. */
                                    key_column?: string;
                                    /** @description A feature service of the team: it fills inputs that a request lacks, by the entity keys in it. */
                                    features?: string;
                                    /** @description Threads that each hold a copy of the model. */
                                    workers?: number;
                                    /** @description Threads that ONNX Runtime uses inside of one run. */
                                    intra_op_threads?: number;
                                };
                                status: "ready" | "failed";
                                error: string | null;
                                /** Format: date-time */
                                created_at: string;
                                created_by: string;
                            } | null;
                            endpoints: {
                                open_inference: string;
                                kserve_v1: string;
                                invocations: string;
                            };
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description models:/NAME@ALIAS, models:/NAME/VERSION or models:/NAME/latest. */
                    model: string;
                    options?: {
                        /** @description An input that names the row and is not given to the model; actuals can be attached by it. */
                        key_column?: string;
                        /** @description A feature service of the team: it fills inputs that a request lacks, by the entity keys in it. */
                        features?: string;
                        /** @description Threads that each hold a copy of the model. */
                        workers?: number;
                        /** @description Threads that ONNX Runtime uses inside of one run. */
                        intra_op_threads?: number;
                    };
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        team: string;
                        /** @enum {string} */
                        status: "ready" | "loading" | "failed" | "deleted";
                        reason: string | null;
                        /** Format: date-time */
                        created_at: string;
                        deleted_at: string | null;
                        live_revision: number | null;
                        revision: {
                            revision: number;
                            /** @description The model as it was asked for. */
                            model: string;
                            model_name: string;
                            model_version: string;
                            /** @description SHA-256 over the model’s files as they were loaded. */
                            digest: string;
                            options: {
                                /** @description An input that names the row and is not given to the model; actuals can be attached by it. */
                                key_column?: string;
                                /** @description A feature service of the team: it fills inputs that a request lacks, by the entity keys in it. */
                                features?: string;
                                /** @description Threads that each hold a copy of the model. */
                                workers?: number;
                                /** @description Threads that ONNX Runtime uses inside of one run. */
                                intra_op_threads?: number;
                            };
                            status: "ready" | "failed";
                            error: string | null;
                            /** Format: date-time */
                            created_at: string;
                            created_by: string;
                        } | null;
                        endpoints: {
                            open_inference: string;
                            kserve_v1: string;
                            invocations: string;
                        };
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeployment: {
        parameters: {
            query?: {
                /** @description What was live at this time (RFC 3339). */
                as_of?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        team: string;
                        /** @enum {string} */
                        status: "ready" | "loading" | "failed" | "deleted";
                        reason: string | null;
                        /** Format: date-time */
                        created_at: string;
                        deleted_at: string | null;
                        live_revision: number | null;
                        revision: {
                            revision: number;
                            /** @description The model as it was asked for. */
                            model: string;
                            model_name: string;
                            model_version: string;
                            /** @description SHA-256 over the model’s files as they were loaded. */
                            digest: string;
                            options: {
                                /** @description An input that names the row and is not given to the model; actuals can be attached by it. */
                                key_column?: string;
                                /** @description A feature service of the team: it fills inputs that a request lacks, by the entity keys in it. */
                                features?: string;
                                /** @description Threads that each hold a copy of the model. */
                                workers?: number;
                                /** @description Threads that ONNX Runtime uses inside of one run. */
                                intra_op_threads?: number;
                            };
                            status: "ready" | "failed";
                            error: string | null;
                            /** Format: date-time */
                            created_at: string;
                            created_by: string;
                        } | null;
                        endpoints: {
                            open_inference: string;
                            kserve_v1: string;
                            invocations: string;
                        };
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description models:/NAME@ALIAS, models:/NAME/VERSION or models:/NAME/latest. */
                    model: string;
                    options?: {
                        /** @description An input that names the row and is not given to the model; actuals can be attached by it. */
                        key_column?: string;
                        /** @description A feature service of the team: it fills inputs that a request lacks, by the entity keys in it. */
                        features?: string;
                        /** @description Threads that each hold a copy of the model. */
                        workers?: number;
                        /** @description Threads that ONNX Runtime uses inside of one run. */
                        intra_op_threads?: number;
                    };
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        team: string;
                        /** @enum {string} */
                        status: "ready" | "loading" | "failed" | "deleted";
                        reason: string | null;
                        /** Format: date-time */
                        created_at: string;
                        deleted_at: string | null;
                        live_revision: number | null;
                        revision: {
                            revision: number;
                            /** @description The model as it was asked for. */
                            model: string;
                            model_name: string;
                            model_version: string;
                            /** @description SHA-256 over the model’s files as they were loaded. */
                            digest: string;
                            options: {
                                /** @description An input that names the row and is not given to the model; actuals can be attached by it. */
                                key_column?: string;
                                /** @description A feature service of the team: it fills inputs that a request lacks, by the entity keys in it. */
                                features?: string;
                                /** @description Threads that each hold a copy of the model. */
                                workers?: number;
                                /** @description Threads that ONNX Runtime uses inside of one run. */
                                intra_op_threads?: number;
                            };
                            status: "ready" | "failed";
                            error: string | null;
                            /** Format: date-time */
                            created_at: string;
                            created_by: string;
                        } | null;
                        endpoints: {
                            open_inference: string;
                            kserve_v1: string;
                            invocations: string;
                        };
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollbackDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    revision?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        team: string;
                        /** @enum {string} */
                        status: "ready" | "loading" | "failed" | "deleted";
                        reason: string | null;
                        /** Format: date-time */
                        created_at: string;
                        deleted_at: string | null;
                        live_revision: number | null;
                        revision: {
                            revision: number;
                            /** @description The model as it was asked for. */
                            model: string;
                            model_name: string;
                            model_version: string;
                            /** @description SHA-256 over the model’s files as they were loaded. */
                            digest: string;
                            options: {
                                /** @description An input that names the row and is not given to the model; actuals can be attached by it. */
                                key_column?: string;
                                /** @description A feature service of the team: it fills inputs that a request lacks, by the entity keys in it. */
                                features?: string;
                                /** @description Threads that each hold a copy of the model. */
                                workers?: number;
                                /** @description Threads that ONNX Runtime uses inside of one run. */
                                intra_op_threads?: number;
                            };
                            status: "ready" | "failed";
                            error: string | null;
                            /** Format: date-time */
                            created_at: string;
                            created_by: string;
                        } | null;
                        endpoints: {
                            open_inference: string;
                            kserve_v1: string;
                            invocations: string;
                        };
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRevisions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        revisions: {
                            revision: number;
                            /** @description The model as it was asked for. */
                            model: string;
                            model_name: string;
                            model_version: string;
                            /** @description SHA-256 over the model’s files as they were loaded. */
                            digest: string;
                            options: {
                                /** @description An input that names the row and is not given to the model; actuals can be attached by it. */
                                key_column?: string;
                                /** @description A feature service of the team: it fills inputs that a request lacks, by the entity keys in it. */
                                features?: string;
                                /** @description Threads that each hold a copy of the model. */
                                workers?: number;
                                /** @description Threads that ONNX Runtime uses inside of one run. */
                                intra_op_threads?: number;
                            };
                            status: "ready" | "failed";
                            error: string | null;
                            /** Format: date-time */
                            created_at: string;
                            created_by: string;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFeatureViews: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
                /** @description The next_page_token of the page before. */
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        views: {
                            name: string;
                            description: string;
                            owner: string;
                            tags: {
                                [key: string]: string;
                            };
                            entities: string[];
                            keys: {
                                name: string;
                                type: string;
                            }[];
                            features: {
                                name: string;
                                description: string;
                                owner?: string;
                                tags: {
                                    [key: string]: string;
                                };
                                type: string;
                                pii: string;
                            }[];
                            source: string | null;
                            /** @description 0: values of any age are used. */
                            ttl_seconds: number;
                            online: boolean;
                            pii: string;
                            materialize_every_seconds: number | null;
                            materialized_until: string | null;
                            /** @description Feature services that use it. */
                            services: string[];
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getFeatureView: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        description: string;
                        owner: string;
                        tags: {
                            [key: string]: string;
                        };
                        entities: string[];
                        keys: {
                            name: string;
                            type: string;
                        }[];
                        features: {
                            name: string;
                            description: string;
                            owner?: string;
                            tags: {
                                [key: string]: string;
                            };
                            type: string;
                            pii: string;
                        }[];
                        source: string | null;
                        /** @description 0: values of any age are used. */
                        ttl_seconds: number;
                        online: boolean;
                        pii: string;
                        materialize_every_seconds: number | null;
                        materialized_until: string | null;
                        /** @description Feature services that use it. */
                        services: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getFeatureStatistics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        view: string;
                        rows: number;
                        first_event: string | null;
                        last_event: string | null;
                        features: {
                            feature: string;
                            nulls: number;
                            /** @description About how many. */
                            distinct: number;
                            min: number | null;
                            max: number | null;
                            mean: number | null;
                            stddev: number | null;
                        }[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFeatureServices: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
                /** @description The next_page_token of the page before. */
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        services: {
                            name: string;
                            description: string;
                            owner: string;
                            tags: {
                                [key: string]: string;
                            };
                            keys: string[];
                            features: {
                                view: string;
                                features: string[];
                                join_key_map: {
                                    [key: string]: string;
                                };
                            }[];
                            /** @description Live deployments that it fills. */
                            deployments: string[];
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getFeatureService: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        description: string;
                        owner: string;
                        tags: {
                            [key: string]: string;
                        };
                        keys: string[];
                        features: {
                            view: string;
                            features: string[];
                            join_key_map: {
                                [key: string]: string;
                            };
                        }[];
                        /** @description Live deployments that it fills. */
                        deployments: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFeatureEntities: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
                /** @description The next_page_token of the page before. */
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        entities: {
                            name: string;
                            description: string;
                            owner: string;
                            tags: {
                                [key: string]: string;
                            };
                            join_key: string;
                            type: string;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    searchFeatures: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
                /** @description The next_page_token of the page before. */
                page_token?: string;
                /** @description Words that all have to stand in it. */
                q?: string;
                entity?: string;
                /** @description NAME or NAME=VALUE. */
                tag?: string;
                owner?: string;
                kind?: "entity" | "source" | "feature_view" | "feature_service";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        found: {
                            /** @enum {string} */
                            kind: "entity" | "source" | "feature_view" | "feature_service";
                            name: string;
                            description: string;
                            owner: string;
                            tags: {
                                [key: string]: string;
                            };
                            entities: string[];
                            features: string[];
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readOnlineFeatures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Columns with a value for each row. */
                    entities: {
                        [key: string]: unknown[];
                    };
                    service?: string;
                    /** @description As view:feature; in place of a service. */
                    features?: string[];
                    /** @description Names as view__feature. */
                    full_feature_names?: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        rows: {
                            values: {
                                [key: string]: unknown;
                            };
                            statuses: {
                                [key: string]: string;
                            };
                            event_timestamps: {
                                [key: string]: string;
                            };
                        }[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readHistoricalFeatures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Columns with a value for each row. */
                    entities: {
                        [key: string]: unknown[];
                    };
                    service?: string;
                    /** @description As view:feature; in place of a service. */
                    features?: string[];
                    /** @description Names as view__feature. */
                    full_feature_names?: boolean;
                    /** @description Default: event_timestamp. */
                    timestamp_column?: string;
                    /** @description Whether rows count only from when they were made; default: true. */
                    filter_by_created_timestamp?: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Columns with a value for each row. */
                        columns: {
                            [key: string]: unknown[];
                        };
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    planFeatures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description All YAML files of the team: what they do not define is removed. */
                    files: {
                        name: string;
                        text: string;
                    }[];
                    /** @description Where paths of sources begin: a folder of this machine, on a platform for the one user of it. Else and by default the team’s own folder. */
                    root?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The version that is in force; 0: none yet. */
                        version: number;
                        added: {
                            /** @enum {string} */
                            kind: "entity" | "source" | "feature_view" | "feature_service";
                            name: string;
                        }[];
                        changed: {
                            /** @enum {string} */
                            kind: "entity" | "source" | "feature_view" | "feature_service";
                            name: string;
                            fields: string[];
                        }[];
                        removed: {
                            /** @enum {string} */
                            kind: "entity" | "source" | "feature_view" | "feature_service";
                            name: string;
                        }[];
                        affects: {
                            services: string[];
                            deployments: string[];
                            /** @description Removed or changed views that have rows in the online store. */
                            materialised: {
                                view: string;
                                /** Format: date-time */
                                until: string;
                            }[];
                            /** @description Views to be materialised, with the rows of their history; null where it cannot be read, and why. */
                            backfill: {
                                view: string;
                                rows: number | null;
                                reason: string | null;
                            }[];
                        };
                        /** @description Why who uses a service could not go on. */
                        breaks: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    applyFeatures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description All YAML files of the team: what they do not define is removed. */
                    files: {
                        name: string;
                        text: string;
                    }[];
                    /** @description Where paths of sources begin: a folder of this machine, on a platform for the one user of it. Else and by default the team’s own folder. */
                    root?: string;
                    /** @description The version that was planned for; any other is a conflict. */
                    if_version?: number;
                    /** @description Applies although somebody breaks, and says why. */
                    force_reason?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The version that is in force; 0: none yet. */
                        version: number;
                        added: {
                            /** @enum {string} */
                            kind: "entity" | "source" | "feature_view" | "feature_service";
                            name: string;
                        }[];
                        changed: {
                            /** @enum {string} */
                            kind: "entity" | "source" | "feature_view" | "feature_service";
                            name: string;
                            fields: string[];
                        }[];
                        removed: {
                            /** @enum {string} */
                            kind: "entity" | "source" | "feature_view" | "feature_service";
                            name: string;
                        }[];
                        affects: {
                            services: string[];
                            deployments: string[];
                            /** @description Removed or changed views that have rows in the online store. */
                            materialised: {
                                view: string;
                                /** Format: date-time */
                                until: string;
                            }[];
                            /** @description Views to be materialised, with the rows of their history; null where it cannot be read, and why. */
                            backfill: {
                                view: string;
                                rows: number | null;
                                reason: string | null;
                            }[];
                        };
                        /** @description Why who uses a service could not go on. */
                        breaks: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listMaterialisations: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
                /** @description The next_page_token of the page before. */
                page_token?: string;
                view?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        materialisations: {
                            view: string;
                            /** Format: date-time */
                            start: string;
                            /** Format: date-time */
                            done_until: string;
                            /**
                             * Format: date-time
                             * @description Later than done_until while it runs, or where it stopped.
                             */
                            end: string;
                            rows: number;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createMaterialisation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Default: all that are kept online. */
                    views?: string[];
                    /** @description From this event time on (RFC 3339); default: where the last run ended. */
                    start?: string;
                    /** @description Up to this event time (RFC 3339); default: now. */
                    end?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        views: {
                            view: string;
                            /** @description Rows that were newer than what was there. */
                            rows: number;
                        }[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createFeatureErasure: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description A value for each key column. */
                    entity_key: {
                        [key: string]: unknown;
                    };
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Views that had something. */
                        online: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPredictions: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
                /** @description The next_page_token of the page before. */
                page_token?: string;
                id?: string;
                request_id?: string;
                key?: string;
                revision?: number;
                status?: number;
                /** @description From this time on (RFC 3339). */
                since?: string;
                /** @description Before this time (RFC 3339). */
                until?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        predictions: {
                            id: string;
                            request_id: string;
                            team: string;
                            deployment: string;
                            revision: number | null;
                            model_version: string | null;
                            key: string | null;
                            inputs: {
                                [key: string]: unknown;
                            };
                            outputs: {
                                [key: string]: unknown;
                            };
                            /** @description What a feature service gave, with its keys and event times. */
                            features?: {
                                [key: string]: unknown;
                            };
                            latency_ms: number;
                            status: number;
                            error: string | null;
                            /** Format: date-time */
                            time: string;
                            actual: null | {
                                value: unknown;
                                /** Format: date-time */
                                time: string;
                            };
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                        /** @description Files of the log that could not be read: what they hold is missing here. */
                        unreadable_segments?: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attachActuals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    actuals: {
                        prediction_id?: string;
                        key?: string;
                        value: number | string | boolean;
                        /** @description When the truth became known (RFC 3339); default: now. */
                        time?: string;
                    }[];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Actuals that were attached. */
                        accepted: number;
                        /** @description Ids of predictions that are not in the log: nothing was attached to them. */
                        unknown: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPredictionRetention: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        days: number;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setPredictionRetention: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    days: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        days: number;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTeams: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        teams: {
                            name: string;
                            display_name: string;
                            cost_center: string;
                            /** @enum {string} */
                            compliance_level: "standard" | "hipaa" | "pci";
                            /**
                             * @description What its first quotas are.
                             * @enum {string}
                             */
                            size: "S" | "M" | "L";
                            /** Format: date-time */
                            created_at: string;
                            created_by: string;
                            archived_at: string | null;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTeam: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    display_name?: string;
                    cost_center?: string;
                    /** @enum {string} */
                    compliance_level?: "standard" | "hipaa" | "pci";
                    /**
                     * @description What its first quotas are.
                     * @enum {string}
                     */
                    size?: "S" | "M" | "L";
                    owners?: string[];
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        display_name: string;
                        cost_center: string;
                        /** @enum {string} */
                        compliance_level: "standard" | "hipaa" | "pci";
                        /**
                         * @description What its first quotas are.
                         * @enum {string}
                         */
                        size: "S" | "M" | "L";
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        archived_at: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        display_name: string;
                        cost_center: string;
                        /** @enum {string} */
                        compliance_level: "standard" | "hipaa" | "pci";
                        /**
                         * @description What its first quotas are.
                         * @enum {string}
                         */
                        size: "S" | "M" | "L";
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        archived_at: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    archiveTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        display_name: string;
                        cost_center: string;
                        /** @enum {string} */
                        compliance_level: "standard" | "hipaa" | "pci";
                        /**
                         * @description What its first quotas are.
                         * @enum {string}
                         */
                        size: "S" | "M" | "L";
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        archived_at: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    display_name?: string;
                    cost_center?: string;
                    /** @enum {string} */
                    compliance_level?: "standard" | "hipaa" | "pci";
                    /**
                     * @description What its first quotas are.
                     * @enum {string}
                     */
                    size?: "S" | "M" | "L";
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        display_name: string;
                        cost_center: string;
                        /** @enum {string} */
                        compliance_level: "standard" | "hipaa" | "pci";
                        /**
                         * @description What its first quotas are.
                         * @enum {string}
                         */
                        size: "S" | "M" | "L";
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        archived_at: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restoreTeam: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        display_name: string;
                        cost_center: string;
                        /** @enum {string} */
                        compliance_level: "standard" | "hipaa" | "pci";
                        /**
                         * @description What its first quotas are.
                         * @enum {string}
                         */
                        size: "S" | "M" | "L";
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        archived_at: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listMembers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        members: {
                            principal: string;
                            roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                            /** Format: date-time */
                            added_at: string;
                            added_by: string;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description As `mlops whoami` shows it. */
                principal: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        principal: string;
                        roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                        /** Format: date-time */
                        added_at: string;
                        added_by: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description As `mlops whoami` shows it. */
                principal: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        principal: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    whoAmI: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        type: string;
                        id: string;
                        team: string;
                        roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                        teams: {
                            team: string;
                            roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                        }[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        tokens: {
                            id: string;
                            name: string;
                            principal: string;
                            service_account: boolean;
                            team: string;
                            roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                            created_by: string;
                            /** Format: date-time */
                            created_at: string;
                            expires_at: string | null;
                            revoked_at: string | null;
                            last_used_at: string | null;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    team?: string;
                    roles?: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                    service_account?: string;
                    /** @description A member of the team, whose token it is. */
                    member?: string;
                    /** @description Seconds; default and most: until the token in use ends. */
                    expires_in?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        principal: string;
                        service_account: boolean;
                        team: string;
                        roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                        created_by: string;
                        /** Format: date-time */
                        created_at: string;
                        expires_at: string | null;
                        revoked_at: string | null;
                        last_used_at: string | null;
                        /** @description The token itself. */
                        token: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        principal: string;
                        service_account: boolean;
                        team: string;
                        roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                        created_by: string;
                        /** Format: date-time */
                        created_at: string;
                        expires_at: string | null;
                        revoked_at: string | null;
                        last_used_at: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        sessions: {
                            id: string;
                            kind: string;
                            /** Format: date-time */
                            started_at: string;
                            /** Format: date-time */
                            seen_at: string;
                            /** Format: date-time */
                            expires_at: string;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        kind: string;
                        /** Format: date-time */
                        started_at: string;
                        /** Format: date-time */
                        seen_at: string;
                        /** Format: date-time */
                        expires_at: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approveCommandLine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    user_code: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        kind: string;
                        /** Format: date-time */
                        started_at: string;
                        /** Format: date-time */
                        seen_at: string;
                        /** Format: date-time */
                        expires_at: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    checkAccess: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Default: oneself. */
                    principal?: {
                        id?: string;
                        roles: ("viewer" | "data-scientist" | "ml-engineer" | "model-owner" | "approver" | "compliance" | "finops" | "auditor" | "team-admin" | "platform-admin")[];
                    };
                    /** @enum {string} */
                    action: "read" | "write" | "delete" | "deploy" | "predict" | "administer";
                    resource: {
                        /** @enum {string} */
                        type: "experiment" | "run" | "logged-model" | "registered-model" | "registered-model-alias" | "model-version" | "artifact" | "model" | "server" | "deployment" | "prediction" | "audit-log" | "quota" | "job" | "token" | "team" | "access" | "feature-definitions" | "feature-view" | "feature-service" | "feature-source" | "feature-entity";
                        /** @description Such as payments@champion; default: any. */
                        id?: string;
                    };
                    /** @description The operation’s name, as the audit log has it. */
                    operation?: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        allowed: boolean;
                        /** @description Those that permit it, or those that forbid it. None: no policy permits it. */
                        policies: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPolicies: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        policies: {
                            name: string;
                            /**
                             * @description fixed: built in, or of the folder of the setting `policies`.
                             * @enum {string}
                             */
                            source: "fixed" | "set";
                            changed_at: string | null;
                            changed_by: string | null;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        /**
                         * @description fixed: built in, or of the folder of the setting `policies`.
                         * @enum {string}
                         */
                        source: "fixed" | "set";
                        changed_at: string | null;
                        changed_by: string | null;
                        policy: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The text of the file: policies in Cedar’s language. */
                    policy: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        /**
                         * @description fixed: built in, or of the folder of the setting `policies`.
                         * @enum {string}
                         */
                        source: "fixed" | "set";
                        changed_at: string | null;
                        changed_by: string | null;
                        policy: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removePolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        /**
                         * @description fixed: built in, or of the folder of the setting `policies`.
                         * @enum {string}
                         */
                        source: "fixed" | "set";
                        changed_at: string | null;
                        changed_by: string | null;
                        policy: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The text of the file: policies in Cedar’s language. */
                    policy: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Different questions: those of the audit log, and what this process remembers. */
                        judged: number;
                        changed: {
                            principal: string;
                            team: string;
                            roles: string[];
                            operation: string;
                            resource: {
                                type: string;
                                id: string;
                            };
                            allowed_before: boolean;
                            allowed_after: boolean;
                            times: number;
                        }[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listQuotas: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        quotas: {
                            resource: string;
                            limit: number;
                            used: number;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setQuota: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                resource: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    limit: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        resource: string;
                        limit: number;
                        used: number;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAuditEntries: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
                /** @description The next_page_token of the page before. */
                page_token?: string;
                action?: string;
                actor?: string;
                outcome?: string;
                resource_type?: string;
                resource_id?: string;
                /** @description RFC 3339; entries from this time on. */
                since?: string;
                /** @description RFC 3339; entries before this time. */
                until?: string;
                /** @description One of those that one may see: platform administrators see all. */
                team?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        entries: {
                            /** @description Place in the chain, from 1, without gaps. */
                            sequence: number;
                            id: string;
                            /** Format: date-time */
                            time: string;
                            team: string;
                            actor: {
                                type: string;
                                id: string;
                                ip?: string;
                                /** @description For which they acted, where it is not the entry’s. */
                                team?: string;
                                roles?: string[];
                                /** @description The token or session that they had signed in with. */
                                session?: string;
                            };
                            action: string;
                            resource: {
                                type: string;
                                id: string;
                                digest?: string;
                            };
                            /** @enum {string} */
                            outcome: "succeeded" | "denied" | "failed" | "attempted";
                            reason?: string;
                            request_id: string;
                            details?: {
                                [key: string]: unknown;
                            };
                            previous_hash: string;
                            hash: string;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAuditCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Entries that it counts. */
                        size: number;
                        /** @description Of their Merkle tree (RFC 9162), hexadecimal. */
                        root: string;
                        /** Format: date-time */
                        time: string;
                        /** @description As it was signed: a signed note with Ed25519. */
                        checkpoint: string;
                        verifier_keys: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAuditCheckpoints: {
        parameters: {
            query?: {
                /** @description Items in a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        checkpoints: {
                            /** @description Entries that it counts. */
                            size: number;
                            /** @description Of their Merkle tree (RFC 9162), hexadecimal. */
                            root: string;
                            /** Format: date-time */
                            time: string;
                            /** @description As it was signed: a signed note with Ed25519. */
                            checkpoint: string;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    proveAuditEntry: {
        parameters: {
            query?: {
                size?: number;
            };
            header?: never;
            path: {
                sequence: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        sequence: number;
                        hash: string;
                        size: number;
                        root: string;
                        proof: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    proveAuditConsistency: {
        parameters: {
            query: {
                from: number;
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        from: number;
                        to: number;
                        root: string;
                        proof: string[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportAudit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listJobs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        jobs: {
                            name: string;
                            summary: string;
                            every_seconds: number;
                            /**
                             * @description one: one process among all. each: every process for itself.
                             * @enum {string}
                             */
                            runner: "one" | "each";
                            next_run: string | null;
                            /** @description The process that runs it now. */
                            running_in: string | null;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listJobRuns: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        runs: {
                            id: string;
                            job: string;
                            process: string;
                            /** @enum {string} */
                            status: "running" | "succeeded" | "failed" | "cancelled" | "interrupted";
                            /** Format: date-time */
                            started_at: string;
                            ended_at: string | null;
                            message: string | null;
                            progress: {
                                done: number;
                                total: number;
                            } | null;
                        }[];
                        /** @description null on the last page. */
                        next_page_token: string | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runJobNow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelJobRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        job: string;
                        process: string;
                        /** @enum {string} */
                        status: "running" | "succeeded" | "failed" | "cancelled" | "interrupted";
                        /** Format: date-time */
                        started_at: string;
                        ended_at: string | null;
                        message: string | null;
                        progress: {
                            done: number;
                            total: number;
                        } | null;
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        ok: boolean;
                        parts: {
                            name: string;
                            ok: boolean;
                            reason: string | null;
                        }[];
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        settings: {
                            [key: string]: unknown;
                        };
                    };
                };
            };
            /** @description Refused or failed. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
