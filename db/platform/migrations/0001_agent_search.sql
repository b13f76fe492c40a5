-- The search index over agents. It keeps words only (contentless); the rows stay in `agents`, under the same id.
-- `organization` holds one word per row, which the program ANDs into every match; no other column is searched for it.
CREATE VIRTUAL TABLE `agent_search` USING fts5(
	`name`, `occupation`, `tags`, `biography`, `city`, `country`, `organization`,
	content = '', contentless_delete = 1, detail = column,
	tokenize = 'unicode61 remove_diacritics 2'
);
--> statement-breakpoint
CREATE TRIGGER `agents_indexed` AFTER INSERT ON `agents` BEGIN
	INSERT INTO `agent_search` (`rowid`, `name`, `occupation`, `tags`, `biography`, `city`, `country`, `organization`)
	VALUES (
		new.`id`, new.`name`, new.`occupation`,
		(SELECT group_concat(`value`, ' ') FROM json_each(new.`tags`)),
		new.`biography`, new.`city`, new.`country` || ' ' || new.`country_name`, new.`organization_token`
	);
END;
--> statement-breakpoint
CREATE TRIGGER `agents_unindexed` AFTER DELETE ON `agents` BEGIN
	DELETE FROM `agent_search` WHERE `rowid` = old.`id`;
END;
--> statement-breakpoint
CREATE TRIGGER `agents_reindexed` AFTER UPDATE ON `agents` BEGIN
	DELETE FROM `agent_search` WHERE `rowid` = old.`id`;
	INSERT INTO `agent_search` (`rowid`, `name`, `occupation`, `tags`, `biography`, `city`, `country`, `organization`)
	VALUES (
		new.`id`, new.`name`, new.`occupation`,
		(SELECT group_concat(`value`, ' ') FROM json_each(new.`tags`)),
		new.`biography`, new.`city`, new.`country` || ' ' || new.`country_name`, new.`organization_token`
	);
END;
