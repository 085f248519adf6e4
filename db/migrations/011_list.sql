-- What the list and the details show beside the goods.
select 1;
