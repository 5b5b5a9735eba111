"""What the server's catalogs say that a schema defines: (type, name, definition), as `schema` writes it.

Whatever is not as `schema` writes it, such as a default, a row policy or a table that inherits, shows in one of the three.
"""

from __future__ import annotations

from typing import Final

_OURS: Final = """
    = current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = o.oid AND d.deptype = 'e')
"""
"""In the store's schema, and not of an extension."""
RELATIONS: Final = f"""
SELECT CASE WHEN o.relkind = 'r' AND o.relpersistence = 'p' AND NOT o.relrowsecurity AND NOT o.relforcerowsecurity
        AND NOT EXISTS (SELECT 1 FROM pg_inherits AS i WHERE o.oid IN (i.inhparent, i.inhrelid)) THEN 'table' ELSE 'other' END,
    o.relname::text,
    concat_ws(', ',
        (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attcollation = 0 THEN '' ELSE ' COLLATE ' || quote_ident(l.collname) END
            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            || CASE WHEN a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '' THEN ' DEFAULT' ELSE '' END, ', ' ORDER BY a.attnum)
        FROM pg_attribute AS a LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
        WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped),
        (SELECT string_agg(pg_get_constraintdef(k.oid, true), ', ' ORDER BY k.oid)
        FROM pg_constraint AS k WHERE k.conrelid = o.oid AND k.contype NOT IN ('n', 't')))
FROM pg_class AS o WHERE o.relkind IN ('r', 'v', 'm', 'f', 'p', 'S') AND o.relnamespace {_OURS}
"""  # noqa: S608 (our own text)
OTHERS: Final = f"""
SELECT 'index', o.relname::text, pg_get_indexdef(o.oid, 0, true) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
FROM pg_class AS o JOIN pg_index AS i ON i.indexrelid = o.oid WHERE NOT i.indisprimary AND o.relnamespace {_OURS}
UNION ALL
SELECT 'trigger', t.tgname::text, pg_get_triggerdef(t.oid, true) || CASE WHEN t.tgenabled = 'O' THEN '' ELSE ' DISABLED' END
FROM pg_trigger AS t JOIN pg_class AS o ON o.oid = t.tgrelid WHERE NOT t.tgisinternal AND o.relnamespace {_OURS}
UNION ALL
SELECT 'function', o.proname::text, o.prosrc
    || CASE WHEN l.lanname = 'plpgsql' AND NOT o.prosecdef AND o.proconfig IS NULL AND o.pronargs = 0 THEN '' ELSE ' OTHERWISE' END
FROM pg_proc AS o JOIN pg_language AS l ON l.oid = o.prolang WHERE o.pronamespace {_OURS}
UNION ALL
SELECT 'rule', r.rulename::text, pg_get_ruledef(r.oid, true)
FROM pg_rewrite AS r JOIN pg_class AS o ON o.oid = r.ev_class WHERE o.relkind = 'r' AND o.relnamespace {_OURS}
"""  # noqa: S608 (our own text)
